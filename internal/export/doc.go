// Package export writes a table of a screen as a file to take away: XLSX, row by row so
// that memory does not grow with the table, and CSV for who asks for it. It knows
// columns and values and nothing of what they mean.
//
// A value of a user never becomes a formula: in XLSX a text is stored as text, in CSV
// one that begins like a formula gets an apostrophe before it. The same table always
// gives the same bytes.
package export
