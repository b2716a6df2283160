// Package schema owns the shape of the database: one templated SQL file for
// each change, in sql/, rendered for the engine and applied in order of their
// numbers by goose. Changes go forward only, and the binary before a change
// must work with the schema after it.
//
// A file is named TIME_context_verb.sql, its context being the package that
// owns the tables, and begins with "-- +goose Up". The words it may use:
//
//	{{.PK}}           the type of an integer primary key
//	{{.ID}} {{.Int}}  a 64-bit integer
//	{{.Blob}}         bytes
//	{{.Path}}         text that sorts by bytes
//	{{.WithoutRowid}} after the closing bracket of a table that is its key
//	{{.Unlogged}}     before TABLE, for rows a crash may lose
//	{{if .Server}}    what only the server engine takes
package schema
