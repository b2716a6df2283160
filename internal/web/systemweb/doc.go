// Package systemweb is the page of the system administrator: is everything well,
// what runs, which settings are in force. It shows no data of anybody.
package systemweb
