// Package export writes what a search found to a file: events as Parquet,
// NDJSON (one OCSF event a line), CSV or Timesketch's JSON lines, tables as
// CSV or NDJSON.
//
// # Invariants
//
//   - A file is there whole or not at all: File writes beside it and renames
//     once everything is on disk.
//   - Times are UTC, RFC 3339 with microseconds.
//   - CSV follows RFC 4180, with the names of columns in its first line. A cell
//     that a spreadsheet would take for a formula begins with an apostrophe.
//   - JSON lines hold no control characters that a terminal would obey.
package export
