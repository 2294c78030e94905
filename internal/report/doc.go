// Package report prints what detection finds: findings as lines for people, as
// OCSF JSON, CSV and SARIF 2.1.0, explanations of rules, and backtests.
//
// # Formats
//
// JSON is one OCSF Detection Finding a line. CSV follows RFC 4180 with the
// columns in its first line; a cell that a spreadsheet would take for a formula
// begins with an apostrophe. SARIF is one log with one run; a record's number
// stands as its line. Author, licence and references of a rule are in all of
// them but the lines, because the Detection Rule License asks for it.
//
// # Invariants
//
// Nothing that comes from a rule or an event reaches the output with a control
// or bidirectional character in it (package printable). Findings go out as they
// come: no format holds them back.
package report
