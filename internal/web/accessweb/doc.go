// Package accessweb is the pages about rights themselves: the table of roles and
// permissions, the answer to "why can this person see that", and substitutes.
package accessweb
