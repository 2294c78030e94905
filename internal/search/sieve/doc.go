// Package sieve remembers which values a file's column may hold, so that a
// question for one identifier reads only the files that may have it.
//
// # What it is
//
// A Filter is a Bloom filter over 64-bit hashes of the values as comparisons
// see them, in lower case: the files' own Bloom filters hold them as they are
// spelled. A Cache keeps the filters of the columns that are asked for, as many
// as fit.
//
// # Invariants
//
// A filter never denies a value that was added: leaving out what it denies
// loses no answer. Filters are made from what a file says and are kept in
// memory alone: nothing on the disk could be altered to hide events, and
// nothing stays there of what was erased. A file never changes under its name.
package sieve
