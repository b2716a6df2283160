// Package bulletin issues the province's monthly bulletin (工作通报) on the
// building and use of the learning spaces, as DOMAIN 3 lays it down.
//
// The chain: the month is frozen on day 1 at 06:00; for three working days each
// reporting unit sees its own row and accepts it or disputes one figure with
// its number and reason, which the province accepts, refuses with a reason or
// has printed with a note; the paper is drafted, checked and signed by three
// different persons, then numbered and issued. A paper that was returned goes
// back to its drafter. Whoever signs, signs what was checked: any change in
// between asks for another check. What is issued never changes; its content is
// kept as JSON with its hash, of which the version code at the foot is the
// beginning.
//
// The paper has the sections whose parts exist: 建设进展, 需要协调解决的问题,
// 下一步工作, tables 1 and 2, and the definitions. Columns and sections of parts
// to come are left out and never printed as 0. Its text is Chinese.
//
// Tables: bul_target, bul_bulletin, bul_year, bul_row, bul_dispute, bul_receipt.
// Events: bulletin.opened, bulletin.drafted, bulletin.written, bulletin.checked,
// bulletin.returned, bulletin.taken_back, bulletin.signed, bulletin.issued,
// bulletin.accepted, bulletin.disputed, bulletin.answered, bulletin.received,
// target.set.
package bulletin
