// Package node opens one data folder and wires its stores and services into a
// running Evident: journal, pipeline, lake, ledger, state, search and
// reconstruction. Commands and the web server use a Node; nothing else knows
// how the parts fit together.
//
// # Invariants
//
// One process owns a data folder at a time (a file lock). A sender's entry is
// acknowledged only after the journal has synced it. Whatever a person reads
// is written to the journal before the answer leaves (Record).
package node
