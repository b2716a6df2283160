// Package codes holds the code tables that the product shares with the national
// systems, as typed, read-only Go values: the regions and zones of the province
// (GB/T 2260 and the statistical codes), school types, stages, grades, subjects,
// ethnic groups (GB/T 3304), identity documents, staff posts; and the number
// formats that stand on rosters: the identity number (GB 11643), the student
// number (学籍号) and the school code (学校标识码).
//
// The tables are CSV files in data/, embedded in the program. They are read once,
// on first use; a malformed table is a programming error and panics. Nothing here
// touches a database, and no value changes while the program runs.
//
// Days are int32 in the form yyyymmdd, 0 meaning "none", so that a clock.Day
// converts without loss. Periods are half open: From is inside, To is outside.
package codes
