// Package person owns natural persons: who they are, where they learn or work,
// whose guardians they are, and what a guardian said for a child. It is kept
// poor: what a thing does with a person belongs to the thing.
//
// Tables: person, person_key (keyed hashes for equality), person_affiliation
// (place, role, days; at most one open primary one a person, and that one
// counts), person_guardianship, person_consent. Identity number, student number
// and phone are sealed; a hash only finds candidates, the opened value decides.
//
// States (DOMAIN 2.1): made → activated → verified, beside them normal, left,
// merged, closed. Verified means activated by the holder and matched: by the
// school's roster with check digit and uniqueness in the province, by the hub,
// or by the school's signed check where there is no number. Each change of state
// writes exactly one event, a repeated one none: person.made, person.unmade,
// person.activated, person.verified, person.unverified, person.moved,
// person.left, person.returned. Their extra is [Extra]; Unit is the unit at
// which the person counts after the change, of person.left the one he left.
//
// Bulk calls (Prepare, InsertMany, Lookup, Link) serve rosters: sealing and
// hashing happen outside the transaction, in parallel.
package person
