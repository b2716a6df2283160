// Package blob keeps files (pictures, uploads) outside the database, by key.
//
// A blob is written before the row that names it and deleted after that row,
// so a crash leaves an orphan at worst, never a row without its file.
package blob
