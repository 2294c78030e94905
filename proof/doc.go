// Package proof holds the hashing and checking behind every claim Evident
// makes about a record: that these bytes arrived in this journal entry, and
// that the entry stands at this place in the transparency log.
//
// # Construction
//
// A record's leaf is SHA-256(0x00 ‖ salt ‖ raw). The leaves of one journal
// entry form a Merkle tree as in RFC 6962, section 2.1; its root goes into the
// entry's Manifest. The manifest's text is one entry of the transparency log,
// itself an RFC 6962 tree whose root a signed Checkpoint fixes. A RecordProof
// carries both audit paths, so it is checked offline with nothing but the raw
// bytes and the log's public key.
//
// # Specifications
//
// RFC 6962 section 2.1 (tree hashing, audit and consistency proofs), C2SP
// signed-note, tlog-checkpoint and tlog-proof@v1. Evident's own parts are in
// docs/formats: leaf.md, ledger-entry.md, record-proof.md and checkpoint.md,
// each with test vectors.
//
// # Invariants
//
// The package does no I/O and reads no clock. Every parser accepts exactly the
// bytes that the matching encoder writes, so a proof has one encoding and any
// changed byte is noticed. Bad input is an error, never a panic, and costs time
// and memory linear in its length.
package proof
