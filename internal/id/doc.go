// Package id makes and types the product's identifiers.
//
// An id is a positive 63-bit integer made by the application: 41 bits of
// milliseconds, 10 bits of instance, 12 bits of counter. It names a row and
// says nothing about order between instances: cursors stand on event.seq,
// never on an id. Outside Go an id is always a decimal string, because a
// JavaScript number cannot hold it.
package id
