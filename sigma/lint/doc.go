// Package lint says what is wrong or doubtful in Sigma documents: detection
// rules, correlation rules and filters.
//
// The loader (package sigma) answers whether a document means something; this
// package answers whether it means what its author thinks, and whether others
// can work with it. It follows the specification 2.1.0, its JSON schemas and
// the conventions of the public SigmaHQ rules.
//
// # Checks
//
// Every check has a name that does not change, a severity and a reason; Checks
// lists them, docs/rules-lint.md is that list. Errors break the specification
// or the detection, warnings are most likely mistakes, infos concern upkeep,
// hints are style.
//
// # Use
//
// File looks at one file by itself. A Linter that sees all files of a rule set
// also finds what only shows between files: an id used twice, a correlation of
// a rule that does not exist.
//
// # Invariants
//
// Any bytes are accepted; work is bounded by the size of the file (package
// yamltree refuses what would cost more). Issues come in order of line. The
// package does no I/O and keeps no text of a file beyond ids and names.
package lint
