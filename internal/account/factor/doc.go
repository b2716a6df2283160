// Package factor keeps the second factors of accounts: the authenticator app
// (TOTP), passkeys (WebAuthn) and recovery codes. Who needs one, and what a
// sign-in does with it, is decided in the package account, which also writes
// the audit rows.
//
// Tables: fac_totp, fac_passkey, fac_recovery, fac_spent.
//
// Rules: RFC 6238 with SHA-1, six digits, 30 seconds, one step to either side,
// each code spent once (section 5.2); Web Authentication Level 2, without
// attestation; GB/T 22239-2019 8.1.4.1 d (two kinds of proof, one of them made
// by cryptography). Secrets are sealed, recovery codes stand as keyed hashes.
//
// Codes and challenges follow the machine's time, not the product's clock: an
// authenticator app does so too, also beside a demo that lives in 2019.
package factor
