// Package clock is the product's only source of time: an injected clock, and
// the days and months of the province's zone as small integers.
//
// Instants are stored as epoch milliseconds, days as yyyymmdd and months as
// yyyymm, all in one fixed zone (UTC+8) that needs no time zone data. SQL never
// asks the database for the time, so a test, the demo and a replay see the
// same clock as the code.
package clock
