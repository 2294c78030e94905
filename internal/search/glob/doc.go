// Package glob is the wildcards of the query language: text in which * stands
// for any text and ? for one character, how it is matched, how it is asked in
// SQL, and how it is written down again. The language itself is described in
// docs/query-language.md.
//
// # Invariants
//
// Match is the meaning. SQL holds for the same texts; what a person typed
// reaches it as a parameter. What Write writes is read back as the same glob.
package glob
