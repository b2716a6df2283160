// Package seal keeps personal numbers unreadable in the database: it seals
// values with AES-256-GCM or SM4-GCM and makes keyed hashes (HMAC-SHA256 or
// HMAC-SM3) to look them up by.
//
// The keys stand in one file (keys.json, mode 0600) outside the database and
// outside a backup. A sealed value names its key, so values sealed before a
// rotation still open. A hash cannot say which key made it: while hashes are
// recomputed both keys are looked up (Hashes).
package seal
