// Package auditweb is the page of the audit administrator: search in the audit
// trail and take rows of it out. It shows who acted in an office by name and
// never names a pupil or a guardian.
package auditweb
