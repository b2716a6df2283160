// Package value reads single cells of school rosters: names, identity and student
// numbers, dates, sexes, grades and classes, telephone numbers, as Chinese schools
// write them. Every function is pure: text in, a typed value or a fault code out.
// It knows no file, no database and no language.
//
// Rules come from the roster contract (column `codes`), GB 11643 for the identity
// number, GB/T 3304 for ethnic groups and the code tables in package codes.
package value
