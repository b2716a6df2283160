// Package read turns the cells of a roster into typed rows with their faults: it
// finds the header (also two rows deep), maps its columns to fields, leaves out
// what is no row, reads every cell, checks it and finds the same person twice. It
// streams: a file of a million rows is never held in memory, only 64-bit hashes of
// the persons seen. It knows no database; schools are asked for through a function.
//
// The rules are those of the report of `import people`.
package read
