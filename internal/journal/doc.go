// Package journal keeps entries durable and in order between arrival and
// lake: a NATS JetStream stream in the same process.
//
// # Invariants
//
// Append returns after the entry was written and fsynced (JetStream's
// SyncAlways), and never before. Sequences are contiguous from Config.FirstSeq,
// and a sequence is never given out twice. Nothing but Purge removes an entry,
// and Purge only removes from the front. Every sequence gives the entry that was
// acknowledged under it, or one that says it is lost (LossOf), or a *DamageError;
// none is skipped.
//
// Read yields an entry that was just appended from memory, after its sync, and
// everything else from the stream.
//
// # Damage
//
// JetStream repairs itself on start by cutting a block file at its first bad
// record, which would silently lose the entries behind it and give their
// sequences to others. Four things keep that from happening:
//
//   - Each message carries a CRC-32C of its own.
//   - A file beside the stream (acknowledged) holds the highest acknowledged
//     sequence.
//   - Open reads every block before the server does (package blocks). Blocks with a
//     damaged record are copied as they are (damaged/). Entries behind the damage
//     are appended again under their sequences, or set aside (aside/) where the
//     server has later ones; the damaged entry becomes a loss that says what its
//     header still says.
//   - Entries that are missing without a trace of damage are no repair: Open
//     refuses them (ErrLost) unless Config.AcceptLoss.
//
// A stream that the server does not know any more, though its blocks are there, is
// made anew from them.
//
// # Format
//
// A message's body is an event.Entry in the encoding of docs/formats/entry.md;
// its header Evident-CRC32C is the checksum of the body in eight hex digits.
// The server listens on no port; the client talks to it through a pipe.
package journal
