// Package custodyweb shows a person's page with its masked numbers, one number
// at a time with a reason, the requests for files and their approval, and the
// security administrator's alarms and limits.
package custodyweb
