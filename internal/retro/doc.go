// Package retro finds in sealed files of the lake the records that rules may
// hold for, so that only those are decoded and judged.
//
// A row of the columns says of which kind an event is. Where the mapping copies
// a native field unchanged into a column (normalize.Verbatim), the tests that
// rules make of that field are answered once for each distinct value of the
// column in a row group (sigma.Sieve). A row is a candidate unless every rule
// is known not to hold by what the columns say; everything that they do not
// say counts as possible.
//
// # Invariants
//
// Every event that a rule of the plan holds for is visited: skipping is exact,
// never a guess. An empty column says nothing about its field, since the field
// may be there under another name or hold a text that stands for no value. A
// text with a comma may be a list. A text with U+FFFD, with an empty member, or
// of the greatest length says nothing. Of a file that another version of the
// mapping made, and of an event that could not be decoded, every record is a
// candidate. Entries are visited in order, whatever the number of processors.
//
// docs/decisions/0021-retro-by-distinct-values.md says why.
package retro
