// Package exposure works out what an adversary would gain: which moves lead
// from a foothold to a holding, where they can be cut, what becomes readable
// together, who learns how we are built, and what a proposed change adds.
//
// # From register to moves
//
// Derive turns the entities of a register into a graph in the direction of
// access: a node is something an adversary may hold (acting as a role or a
// vendor, a device, a position in a zone, control of a system or an identity
// provider, reading a holding or a document), an edge is a move. Every move
// names the rule it comes from (Rules) and the line of the register that it
// rests on. Moves that need several things at once are respected.
//
// # Bands, not percentages
//
// How easy a move is, is one of four words: likely, possible, unlikely, remote.
// They are an order. The numbers behind them (band.go) only rank paths, are not
// probabilities and are never shown; nothing here says how likely a breach is.
//
// # Invariants
//
//   - Pure: register and dates in, values out; no clock, no I/O.
//   - The same register and day give the same result, byte for byte.
//   - No person is modelled or scored: roles are headcounts.
package exposure
