// Package rerun keeps what a reconstruction rested on, and runs it again.
//
// A sealed reconstruction names the seed, the versions and limits of the search,
// the last journal entry it could see, the root of every entry it read, what rules
// had said of these events, and its result. All of that is in one document, so that
// anybody with the records can run it again, without the server and without its
// rules, and hold both results against each other. The format is
// docs/formats/sealed-reconstruction.md.
//
// # Invariants
//
// A run again sees no entry behind the last one of the sealed run, and no finding
// but the sealed ones: a folder that has grown gives the same result. What differs
// is named: other bytes under an entry's number, entries that are gone, another
// version of the engine, or the result itself, step by step.
//
// The package writes nothing: the document becomes a record of the journal like
// every other.
package rerun
