// Package journey holds the tests that go through the product as people do: a
// real server on a demo province, a real browser. It has no code of its own.
package journey
