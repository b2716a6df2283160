// Package roster takes rosters in: it matches the rows that package read makes
// out of files with the persons who are known, reports what would happen,
// does it once that is confirmed, and takes it back while it is unused.
//
// # Batches
//
// An import is a batch: uploaded → checked → confirmed → running → done →
// undone. The check is a dry run whose report equals that of the import.
// Nothing but the batch's own bookkeeping is written before it is confirmed.
// The import itself is a row of chunks, each idempotent and each committed
// together with its part of the report and the number of rows taken so far,
// so that a killed process goes on where it stopped. Chunks grow while nobody
// waits for the database and shrink when somebody does.
//
// # Matching
//
// A person is known by ID number, without one by student number, without both
// by school, name, sex and birth date; a guardian by name and phone; a class
// by school, entry year and number (DOMAIN 2.1, scenarios 2 to 7). Every chunk
// begins by updating the one row of ros_gate: two imports of the same person
// never run side by side, on either engine.
//
// A pupil held by another school becomes a row of ros_transfer: 升学转入 is
// released by the confirmation of the batch, 转学 by the other school or its
// county.
//
// # Undo
//
// A batch can be taken back as a whole for 72 hours, while nobody whom it made
// has used his space. ros_change holds what it changed on others.
//
// Tables: ros_gate ros_batch ros_upload ros_file ros_row ros_class ros_school
// ros_change ros_transfer. It writes persons, classes and spaces through their
// packages, which append the events person.made, person.moved, person.left,
// person.returned and person.unmade.
package roster
