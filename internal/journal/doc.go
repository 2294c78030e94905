// Package journal keeps entries durable and in order between arrival and
// lake: a NATS JetStream stream in the same process.
//
// # Invariants
//
// Append returns after the entry was written and fsynced (JetStream's
// SyncAlways), and never before. Sequences are contiguous from Config.FirstSeq,
// and a sequence is never given out twice. Nothing but Purge removes an entry,
// and Purge only removes from the front. An entry that cannot be read back
// whole is reported with its sequence, as a *DamageError, never skipped.
//
// # Damage
//
// JetStream repairs itself on start by cutting a block file at its first bad
// record, which would silently lose the entries behind it and give their
// sequences to others. Three things keep that from passing unnoticed: each
// message carries a CRC-32C of its own; a gap between the bounds is damage; and
// a file beside the stream holds the highest acknowledged sequence, so that
// Open refuses (ErrLost) a journal that ends before it.
//
// # Format
//
// A message's body is an event.Entry in the encoding of docs/formats/entry.md;
// its header Evident-CRC32C is the checksum of the body in eight hex digits.
// The server listens on no port; the client talks to it through a pipe.
package journal
