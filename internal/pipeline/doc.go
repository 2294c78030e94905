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
package pipeline
