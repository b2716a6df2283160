// Package rosterweb is the face of rosters: hand in a file, see what would
// become of every row, confirm, watch or leave, and take it back while it is
// unused; and the pupils who wait to change schools.
package rosterweb
