// Package daykey keeps the keys under which the originals of each day of
// arrival are encrypted: Tink key sets (AES256_GCM), each wrapped by one master
// key set. Destroying a day's key makes every copy of what was encrypted under
// it unreadable, wherever the copy is.
//
// # Layout
//
//	master.json              the master key set in clear, mode 0600; may be kept elsewhere
//	2026-11-22.0.json        key 0 of a day, wrapped by the master key set
//	2026-11-22.0.destroyed   that key is gone: when, and why
//
// A day has more than one key once records of it were destroyed: what is left
// is encrypted under the next one.
//
// # Invariants
//
// A key is on the disk, under its name, before the first byte is encrypted
// under it. A key file is wiped only after the note that it is destroyed is on
// the disk; Open finishes what was interrupted. A master key set is made only
// where no day has a key yet: a lost one is never replaced silently.
//
// # Specification
//
// Tink's JSON format of clear and encrypted key sets. The associated data of a
// wrapped key set are "evident day key " and its identifier.
package daykey
