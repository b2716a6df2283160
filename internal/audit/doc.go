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
// Tables: audit, audit_head.
package audit
