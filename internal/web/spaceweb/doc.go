// Package spaceweb is the pages of the class space: its stream, one post with
// its comments and receipts, pictures, and the reports that wait for the class
// teacher.
package spaceweb
