// Package journald reads systemd journal files (.journal, .journal~): their
// entries, what the files' own hashes and sequence numbers say, and their
// forward-secure seals.
//
// # Entries
//
// Reader goes through the objects of a file in their order, not along its index:
// an entry that a forged index hides from journalctl is read all the same, and
// said. Each entry comes out in the Journal Export Format, byte for byte as
// "journalctl -o export" writes it, with the sequence number that systemd 254
// added; Fields reads that format. Only a _BOOT_ID field that contradicts its entry is kept here and is
// left out there.
//
// # Seals
//
// With forward-secure sealing, journald closes each interval (15 minutes) with an
// HMAC over all that was written in it, keyed by a generator that only runs
// forward. Reader.Verify checks the seals with the verification key that
// "journalctl --setup-keys" printed. Whoever has that key could also make seals,
// and whoever takes a host can seal what comes after.
//
// # Specifications
//
// systemd.io, Journal File Format and Journal Export Formats. The key generator
// is that of G. A. Marson and B. Poettering, "Practical Secure Logging: Seekable
// Sequential Key Generators" (2013), with the parameters of systemd. The limits
// of the seals: F. Dörre and A. Ottenhues, "Security Analysis of Forward Secure
// Log Sealing in Journald" (2023). No code is taken from systemd.
//
// # Invariants
//
//   - Every byte read is hostile: offsets, sizes, counts, what compressed parts
//     expand to and what all entries are together have bounds that grow with the
//     file's size only.
//   - What is damaged is said (Problem, Verdict), and what can still be read is
//     read.
//   - The bytes of an entry depend on the entry alone, not on where the file puts
//     it: the file under a new name, archived, or copied again when it has grown
//     gives the same bytes.
//
// The package does no I/O of its own: an io.ReaderAt goes in.
package journald
