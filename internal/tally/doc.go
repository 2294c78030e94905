// Package tally compares what the lake's catalog says of a pair of files with what is
// in them. Searches leave out files by the catalog's spans of entries, event times
// and arrival: whoever edits them hides records without touching a record.
package tally
