// Package search answers queries over all events: the unsealed ones from a hot
// in-memory table, the sealed ones from the lake's Parquet files, both through
// DuckDB in the process.
//
// # Specification
//
// The query language is described, once, in docs/query-language.md. Parse turns
// text into a Query; a Query prints itself canonically (String), judges one
// event (Match, the reference meaning) and becomes SQL. All text that a person
// typed reaches SQL as a bound parameter, never as part of the statement.
//
// # Invariants
//
//   - Each event that was given to Hot or is in a file appears exactly once in
//     an answer, also while the lake seals: a query first pins a snapshot of the
//     hot tables, then takes the file list with its watermark Through, and reads
//     hot rows after Through only.
//   - Sealed drops whole hot tables; rows at or before a watermark that share a
//     table with later ones are hidden by the query, not deleted.
//   - Answers are ordered by (time, entry, leaf), times in microseconds. The
//     order is total, so a cursor neither skips nor repeats an event.
//   - A row holds original bytes only when the request asks for them.
//   - The engine cannot load extensions, reach the network or open files
//     outside the lake's folder and its own temporary folder.
//   - Fields for protected attributes do not exist (package safeguard).
package search
