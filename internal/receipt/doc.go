// Package receipt says what a search covered and what it found, so that somebody
// else can run it again and see that nothing was left out.
//
// A receipt names the query, the last journal entry that it covers, how many
// results there were, and the root of their Merkle tree (RFC 6962): the leaves are
// the results' identifiers in order, each as text. An identifier is entry and
// place in it, whose bytes the ledger seals, so that the root speaks for the
// records, too. Beside it stand the sources that had delivered, and the gaps: what
// source seals reported missing, and who was silent between sealed heartbeats.
//
// The receipt itself is a record of the journal. Its signature is the ledger's,
// and of the witnesses: it is kept as a line of a file of proofs
// (docs/formats/proofs.md), which evident-verify checks.
//
// The package is pure: identifiers in, receipts and differences out.
package receipt
