// Package bulletinweb is the pages of the monthly bulletin: the list, one paper
// with its chain of steps and the units' check, the print page and the files to
// take away, and the yearly targets.
package bulletinweb
