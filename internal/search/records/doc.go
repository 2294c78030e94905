// Package records lets DuckDB read original bytes that it cannot read itself:
// files of originals are encrypted, and a Reader that has the keys opens them.
// A table function gives whole files to statements, by several threads; Fetch
// gives single records.
//
// # Invariants
//
// A statement names files by a ticket that only the engine can make, for as
// long as the question runs. What a person writes in SQL cannot name the
// function (package sqlguard) and would have no ticket for it.
package records
