// Package meter counts what the server does, for Prometheus. It answers on a
// listener of its own, which is off unless metrics_addr is set, and never on
// that of the pages.
//
// Labels are patterns of routes, statuses and fixed words: no name, no number,
// no address, nothing that a person typed.
package meter
