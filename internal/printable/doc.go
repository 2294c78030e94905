// Package printable makes text that comes from logs and rules safe to print: a
// control or bidirectional formatting character is shown as an escape, so that
// nothing in a log can move a terminal's cursor, hide what stands beside it, or
// pretend to be our own output.
//
// # Invariants
//
// Neither Text nor JSON returns a character for which Hostile holds. JSON keeps
// the meaning of a document; Text keeps valid text without such characters as
// it is.
package printable
