// Package dbtest gives each test its own database on every engine.
//
// Each runs a test once an engine, on a copy of a migrated template. The server
// is the one at LEARNSPACE_TEST_PG, else one cluster that the package starts by
// itself and shares between all test processes of the user. Without the
// server's programs the list of engines is shorter, which one line says;
// LEARNSPACE_TEST_REQUIRE=postgres makes that a failure.
//
// LEARNSPACE_TEST_TWICE=1 runs every closure of a transaction twice, the first
// run undone: what a closure leaves outside its transaction then fails a test.
package dbtest
