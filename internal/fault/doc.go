// Package fault holds the few kinds of errors that the product tells apart and
// keeps what the user reads separate from what went wrong.
//
// A domain package returns New, Wrap or Invalid; a face tests the kind with
// errors.Is and shows Message or Fields in the reader's language. Every other
// error is internal: its text stays in the log. The kinds and their HTTP
// statuses stand in one table in package web.
package fault
