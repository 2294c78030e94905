// Package edge says what one event tells about cause: who acted on what, as up
// to three typed edges between entities.
//
// # Specification
//
// The table of edges is docs/causal-edges.md: source, edge, strength and keys.
// An entity is named by the best key the event has; a process without a unique
// identifier has its host and pid only, and package causal finds its life.
//
// # Invariants
//
// Of reads attributes of the event and nothing else: no I/O, no clock, no state.
// Placeholders ("-", port 0, loopback, the nil identifier, the sessions of the
// machine itself) never become keys, so that nothing is joined by them.
package edge
