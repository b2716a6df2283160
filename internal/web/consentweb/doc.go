// Package consentweb is the pages on which guardians, and pupils from 14 on,
// answer for each purpose, and the school's register of these answers.
package consentweb
