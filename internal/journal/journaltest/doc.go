// Package journaltest is the conformance suite of journals: what every driver
// of package journal has to hold, whatever keeps the entries. Run takes a
// function that opens a journal in a folder and runs the suite against it.
package journaltest
