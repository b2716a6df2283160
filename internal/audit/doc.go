// Package audit is the trail of acts that somebody answers for: sign-ins,
// grants, access to sealed data, exports, imports (one row a batch), steps of
// the tree and of bulletins. A row is appended in the transaction of the act
// and holds no personal data.
//
// Rows are chained by hash in the order of seq: each hash covers the row and
// the hash before it, and the one row of audit_head holds the end. Verify walks
// the chain. An engine that runs one writer at a time chains a row as it is
// written; elsewhere Sequence does, a moment later.
//
// Triggers of the database refuse to change a row, to delete one that is still
// kept and to move the head or the base back. They stop mistakes and a careless
// hand at the database; whoever may drop them meets the chain, and whoever
// computes the chain anew meets the heads that were written down outside of it:
// in the file audit.anchor of the data folder and, each hour, in the log.
//
// Trim lets old rows go: audit_base keeps the hash that the rest begins with.
//
// Tables: audit, audit_head, audit_base.
package audit
