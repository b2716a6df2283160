// Package framed writes an uploaded roster as sealed frames of a megabyte, so
// that a large file is never whole in memory while it is sealed, and reads it
// again. It keeps no tables and writes no events.
package framed
