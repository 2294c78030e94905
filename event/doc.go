// Package event holds the values that flow through Evident: the record as it
// arrived, the journal entry that carries it, its decoded native fields and
// its OCSF attributes.
//
// # Invariants
//
// A Record's Raw bytes are never changed after they were read; everything else
// (native fields, attributes) is derived from them and can be derived again.
// An event's identifier is its place in the journal: entry sequence and leaf
// index, so the identifier alone says where its proof is.
//
// # Specifications
//
// Attribute paths are those of the Open Cybersecurity Schema Framework (OCSF),
// schema 1.9. The binary layout of an Entry is docs/formats/entry.md.
//
// The package does no I/O and reads no clock.
package event
