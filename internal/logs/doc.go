// Package logs makes the one logger of the program: JSON lines on standard
// error. What is logged holds no personal data because nobody logs any; this
// package is the second line: numbers shaped like an ID number or a telephone,
// mail addresses and network addresses that slip into a text or an error are
// masked before the line is written.
package logs
