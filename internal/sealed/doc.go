// Package sealed is the format of encrypted files: a header and blocks of
// 16 KiB, each encrypted and authenticated by itself, so that a part of a file
// can be read without the rest. The specification is docs/formats/sealed-file.md.
//
// # Invariants
//
// A block is opened only where it was written: its associated data are the
// file's header (key, label, random number) and its place, and the last block
// says that it is the last. Blocks cannot be exchanged within a file or between
// files, and a file cannot be cut short, without an error that names the block.
//
// The package does no I/O of its own and knows no cipher: an AEAD does the work.
package sealed
