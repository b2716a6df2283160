// Package seal keeps personal numbers unreadable in the database: it seals
// values with AES-256-GCM or SM4-GCM and makes keyed hashes (HMAC-SHA256 or
// HMAC-SM3) to look them up by.
//
// The keys stand in one file (keys.json, mode 0600) outside the database and
// outside a backup. A sealed value names its key, so values sealed before a
// rotation still open. A hash cannot say which key made it: while hashes are
// recomputed both keys are looked up (Live); what is only on paper, as a code on
// a slip, is looked up under every key (Hashes).
//
// Suite AES: AES-256-GCM seals, HMAC-SHA256 hashes. Suite SM: SM4-GCM (GB/T
// 32907, 128 bits) seals, HMAC-SM3 (GB/T 32905) hashes. Nothing is signed or
// encrypted to somebody else, so no suite has a pair of keys (SM2).
package seal
