// Package web is the house of all pages: the route table as data, the one
// adapter that turns a handler's error into a page, sessions, languages,
// appearance, messages of the last action, static files and the security
// headers.
//
// A face returns its [Route]s; [New] refuses a table with two entries for one
// address, or with an entry that says neither who may come nor that anybody
// may. The permission of a route is the coarse gate; the rule stands in the
// service that the handler calls.
//
// A handler parses, calls one method of a service, and answers with [Render]
// or [Redirect]. Everything else it returns as an error: the table in fail.go
// gives kind and status, and the page in the reader's language. Only the
// message of a fault reaches the page; its cause goes to the log.
package web

//go:generate go tool -modfile=../../tools/go.mod templ generate -path .
