// Package ledger seals journal entries in a transparency log: a Tessera log in
// a local folder, one proof.Manifest for each entry, under signed checkpoints.
//
// # Invariants
//
// The log index of an entry is its journal sequence minus one, so entries are
// appended in order and without gaps; Append refuses any other. An entry that
// Next has passed once is never appended twice, also after the process was
// killed: the log's own integrated size says where to go on. A checkpoint is
// only signed over entries that are on disk. The ledger never signs on top of
// files that were changed: Open checks the tree state, the tiles at its right
// edge and the last checkpoint against each other and refuses with ErrTampered.
//
// # Layout and specifications
//
//	DIR/key            Ed25519 signing key, C2SP signed-note, mode 0600
//	DIR/verifier.pub   its verifier key, to be handed out
//	DIR/log/           C2SP tlog-tiles: checkpoint, tile/, tile/entries/
//
// Everything under DIR/log but .state may be published; it holds no personal
// data. The log entry is docs/formats/ledger-entry.md, the checkpoint
// docs/formats/checkpoint.md. Anyone can check both with the public key.
//
// # Tessera
//
// Tessera fails a batch as a whole but would go on with the next, which would
// shift every later entry. Entries are therefore queued here and given to
// Tessera one batch at a time (see batcher).
package ledger
