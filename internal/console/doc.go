// Package console is what every command has in common: its streams, text that
// is safe for a terminal, a progress bar, and the data folder's flag.
//
// Whatever came from a log or a file passes Plain or PlainJSON before it is
// printed: a terminal obeys control characters.
package console
