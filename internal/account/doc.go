// Package account is how a person comes in: one-time activation codes on
// printed slips, the account with its sign-in name and password, consent of a
// guardian for a child under 14, sessions, and the actor that each request
// acts as.
//
// Tables: acc_account, acc_code, acc_sheet, acc_session.
//
// Events: code.issued (a sheet) and account.opened. Activation and verification
// are the person's events (person.activated, person.verified) in the same
// transaction. Audit rows: codes issued and used, sign-in, failed sign-in,
// sign-out, role switched, sessions ended, password changed.
//
// Rules: DESIGN section 6 (codes of at least 60 random bits, valid 60 days,
// spent by one use; argon2id behind a bounded pool; own device 90 days, shared
// computer 20 minutes idle); 儿童个人信息网络保护规定 art. 9 (a guardian's
// consent under 14, with a real way to refuse); 未成年人网络保护条例 art. 31
// (real identity without asking for more than is needed: a pupil is never
// asked for an identity number).
package account
