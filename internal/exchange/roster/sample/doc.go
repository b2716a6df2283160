// Package sample makes invented persons with right check digits and the sample
// rosters in samples/: good ones in the shapes that schools send, and broken ones
// with each fault once. Everything is deterministic; nobody in it exists.
package sample
