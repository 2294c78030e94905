// Package pipeline carries journal entries, in order and once, to everything
// that is derived from them: the ledger gets the entry's manifest, the lake
// and the hot table its events, the state its findings.
//
// # Flow
//
// Entries are normalised and judged by several workers side by side, then
// committed one after another in journal order by one goroutine.
//
// # Exactly once
//
// Each consumer knows the last entry it has: the lake its watermark, the
// ledger its size, the state its progress. Run starts behind the smallest of
// them and gives every consumer only what it lacks. The state is always
// written before the lake's watermark passes an entry, and the journal is
// purged only behind lake and ledger, so a kill at any moment loses nothing
// and doubles nothing.
//
// # Correlations
//
// The committer hands the hits of each entry that the state lacks to one
// detect.Correlator, in journal order. What of its windows changed goes into
// the transaction that moves the state's progress, so after a kill the windows
// are those of the last entry whose findings are written: no correlation alert
// is lost or doubled.
//
// # Changing the rules
//
// Swap takes effect at an entry boundary: an entry gets its detector when it is
// read, its workers judge by that, and the committer changes to the correlator
// of the new rules when it comes to that entry. Windows of correlations that
// still ask the same go on.
package pipeline
