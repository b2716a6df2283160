// Package db is the product's one way to its database: one SQL text on two
// engines, an embedded SQLite file and a PostgreSQL server.
//
// # One door for writes
//
// DB.Tx runs a closure in a transaction, in the caller's goroutine; nil means
// that the writes are durable. On SQLite the closures that wait share one
// transaction and one sync of the disk (group commit), each in a savepoint of
// its own, so that one refusal does not touch the others. On PostgreSQL each
// closure is a READ COMMITTED transaction, run again when the engine gives up
// on it (serialisation failure, deadlock).
//
// What this asks of a closure:
//
//   - It may run more than once: it writes nothing outside tx. Mail, blobs and
//     channels wait for Tx.AfterCommit.
//   - It is short (50 ms, 2,000 rows): on SQLite it holds up every writer.
//   - It passes the ctx it was given on. A Tx begun with that ctx joins by
//     savepoint; one begun with another ctx waits for itself.
//   - It uses tx in its own goroutine only.
//   - On PostgreSQL an error of a statement spoils the transaction up to the
//     nearest savepoint: say ON CONFLICT, or wrap the statement in a nested Tx,
//     where a violation is expected.
//
// The caller's cancellation never reaches a write statement (SQLite would roll
// the whole group back); it is looked at between statements.
//
// # SQL
//
// Placeholders are $1…$n, each first used in ascending order. Booleans travel
// as 0 and 1. There is no now() in any statement.
package db
