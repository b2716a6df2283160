// Package accountweb is the pages of sign-in, activation by slip, the holder's
// own account, printed slips and class lists.
//
// An activation keeps its answers between the steps in one sealed cookie of
// half an hour; it never holds a password. Every step works without script,
// with the back button and with a second click.
package accountweb
