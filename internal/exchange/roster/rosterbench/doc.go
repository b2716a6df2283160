// Package rosterbench makes large rosters of invented persons, so that the
// speed of an import can be measured: schools, classes, pupils with right check
// digits, a guardian on one row in three, some of them shared by twins. The same
// seed gives the same bytes.
package rosterbench
