// Package blocks reads the block files of a JetStream stream as they lie, so
// that a damaged record costs that record only: the server itself, when it
// opens a stream after a kill, cuts a block file at its first bad record and
// loses the sound ones behind it.
//
// # Format
//
// As of nats-server v2.15, plain: records one after another, each with 22 bytes
// of head (length with the top bit set where it has a header, sequence, time,
// length of the subject; little endian), subject, length of the header and the
// header, body, and 8 bytes HighwayHash-64 over head, subject, header and body,
// under a key made of the stream's and the block's names. Records of the server's
// own, which mark what was removed, have no subject.
//
// # Finding records again
//
// Lengths of a damaged record mean nothing. Scan goes on at the next place
// behind it that is a whole record with a sequence above it: what looks like a
// record inside a record has neither the right hash nor a fitting sequence
// unless somebody made it so, who can write in the folder anyway.
//
// The package opens files for reading only.
package blocks
