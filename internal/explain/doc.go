// Package explain answers why somebody may see or do something, or why not: by
// which role, held where, since when, given by whom, and by which line of the
// table of permissions. It has no tables and no rules of its own: it asks
// [access.Actor.Explain], of which [access.Actor.Allows] is the short form, with
// the rights that the person has at this moment. So an explanation cannot differ
// from what happens.
//
// Who asks needs access.explain where the person works and where the object
// stands. He learns names of staff, and of pupils only what he may read anyway.
package explain
