package db

import "context"

// patientKey marks the context of bulk work.
type patientKey struct{}

// Patiently returns ctx for bulk work in the background: its transactions may
// wait for long, so Waiting does not count them, and two such works do not
// make each other shorten their chunks. Each begins a group commit of its own.
func Patiently(ctx context.Context) context.Context {
	return context.WithValue(ctx, patientKey{}, true)
}

// patient reports whether ctx is that of bulk work.
func patient(ctx context.Context) bool { return ctx.Value(patientKey{}) != nil }
