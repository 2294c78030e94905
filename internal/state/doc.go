// Package state keeps what Evident concludes from the journal: findings, the
// batches already ingested, sources and their freshness, dead letters,
// incidents, the windows of correlations, saved searches and the results of
// verifications. It is SQLite on one machine.
//
// # Invariants
//
// Everything here can be derived again from the journal and the lake; nothing
// here is evidence. Searches are derived from the acts that saved and deleted
// them, which the journal holds. One Apply is one transaction that also advances Through,
// the last journal entry taken into account, so that reading an entry twice
// (after a kill) changes nothing.
package state
