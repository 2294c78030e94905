// Package score measures reconstruction against labelled campaigns: what
// "evident bench reconstruct" prints. It reads the logs a label file names as
// an ingest would, reconstructs from every seed of the key, and compares.
//
// # Specification
//
// The label format and what each number means are docs/formats/labels.md. The
// answer keys of "evident simulate" are read as well.
//
// # Invariants
//
// The scorer knows no campaign: whatever it compares with is in the labels. The
// engine sees the logs only, never a label. What is left to chance (recordings
// that fill up the interleaved clock, events that are deleted) comes from a seed
// that the report prints. Equal input gives an equal report, except for times.
package score
