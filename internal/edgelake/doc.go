// Package edgelake keeps, in the lake, what each event says about cause: its
// edges, each with the record's proof location (entry and leaf).
//
// # Layout
//
// Beside every sealed pair of files lies edges/F-L.parquet, written from the
// same parsed fields when the pair is sealed. The format is docs/formats/edges.md.
// Its hash and the version of the derivation are in the lake's catalog. Such a
// file is derived: one that is missing, older than the derivation or not as it
// was noted is made anew from the columns. It is wiped with its pair, so that
// the edges of an erased record go with the record.
//
// In memory a file is a Block: texts in one arena, entities, origins and facts
// once each, and columns of as many bytes as their numbers need.
//
// # Invariants
//
// A record that comes from here is equal to edge.RecordOf of the event as the
// columns give it, whether it was packed at ingest, read from a file or derived
// from columns: text is valid UTF-8, times are whole microseconds. A View visits
// records by time, entry and leaf, each once. Blocks never change.
package edgelake
