// Package witness is a witness of transparency logs: it remembers the largest
// checkpoint of each log it was shown, and cosigns another only where a
// consistency proof shows that the log has grown without a change. The
// oversight office runs it with a key of its own, so that the keeper of the
// log cannot show two histories, or an older one, to anybody who asks for its
// cosignature.
//
// # Specifications
//
// C2SP tlog-witness (add-checkpoint), tlog-cosignature (Ed25519,
// cosignature/v1), signed-note and tlog-checkpoint. Narrower than these:
// checkpoints with extension lines are refused, see docs/formats/checkpoint.md.
//
// # Invariants
//
// What is cosigned is on disk first: the new checkpoint is written, synced and
// in its place before the signature is made, under a lock of the log. So a kill
// at any moment leaves a witness that never signs two checkpoints of a log
// that contradict each other. It does not start where its memory is damaged or
// gone while there is a history, and one process owns the folder.
//
// # Layout
//
//	DIR/key            Ed25519 key in the form of signed-note, mode 0600
//	DIR/witness.pub    its cosignature key, to be put in policies
//	DIR/logs/ID/latest the checkpoint cosigned last, as the log signed it
//	DIR/logs/ID/history lines of time, size and root; for people, and to tell a
//	                   repeated old checkpoint from another one
//	DIR/alarms/        one file an alarm, with the request that raised it
package witness
