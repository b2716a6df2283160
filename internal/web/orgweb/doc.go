// Package orgweb serves the pages of the organisation: a node with what lies
// below it and its counts, a school with its classes and the confirmation of its
// profile, and the page on which roles are given and ended in a subtree.
package orgweb
