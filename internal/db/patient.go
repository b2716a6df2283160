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

// unsyncedKey marks the context of a part of longer work.
type unsyncedKey struct{}

// Unsynced returns ctx for the parts of longer work that is acknowledged only
// when its last transaction, one without it, has ended: a commit does not wait
// for the disk. A power cut may lose the newest parts, in their order and each
// as a whole; the death of the process loses none, and any later commit that is
// synced makes them durable too.
func Unsynced(ctx context.Context) context.Context {
	return context.WithValue(ctx, unsyncedKey{}, true)
}

// unsynced reports whether a commit under ctx need not wait for the disk.
func unsynced(ctx context.Context) bool { return ctx.Value(unsyncedKey{}) != nil }
