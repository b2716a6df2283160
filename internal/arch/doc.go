// Package arch keeps the shape of the product: which package may import which,
// what every package owes its reader, and how big things may grow. It holds no
// code of the product; its test reads rules.txt and the sources.
//
// rules.txt is default deny: a package without a line is red, and so are a line
// without a package and a permission that nobody uses. A sideways edge in the
// domain is a decision; its reason stands beside it.
package arch
