// Package rightsweb is the pages of what is held about a person and his
// children, of the requests about it and their answers, of the rules of
// retention, and of the yearly report on the data of minors.
package rightsweb
