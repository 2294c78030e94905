// Package sourceseal puts what the seals of a source say when it is read at the
// door into one form, which node writes to the journal beside the records:
// checksums and record numbers of Windows event logs, CloudTrail's digest files,
// hashes, sequence numbers and forward-secure seals of systemd journals.
//
// # Invariants
//
// The same verdict has the same bytes as JSON, so that it is written once however
// often a source is read. Fields are added with omitempty only: verdicts of older
// stores keep theirs. Lists are bounded.
package sourceseal
