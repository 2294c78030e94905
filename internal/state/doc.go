// Package state keeps what Evident concludes from the journal: findings, the
// batches already ingested, sources and their freshness, dead letters,
// incidents, the windows of correlations and the results of verifications. It
// is SQLite on one machine.
//
// # Invariants
//
// Everything here can be derived again from the journal and the lake; nothing
// here is evidence. One Apply is one transaction that also advances Through,
// the last journal entry taken into account, so that reading an entry twice
// (after a kill) changes nothing.
package state
