// Package causal turns normalised events into typed causal edges, joins them
// to a graph and finds the causal spine of an incident: what caused the event
// an analyst asks about, and what the same cause did elsewhere.
//
// # How
//
// Edges reads one event and names who acted on what. A Builder collects edges
// of many events; Build orders them, resolves process ids to lives (a pid is
// reused; a life ends with its termination record) and indexes them. Spine
// walks backward from a seed over control only, stops at long-lived system
// processes unless something injected into them or asked them to start a
// service or task, and then walks forward from the causes it found.
//
// # Invariants
//
// The result depends on the set of events only, never on their order or on map
// iteration. PROVEN is given only to links whose unique key is equal on both
// sides; a link by name, address or time is INFERRED, and CORROBORATED when
// two independent records agree. No link is made by a shared user or a shared
// address alone. Time and memory are bounded by Limits; a search that hits one
// says so in a Gap.
//
// The package does no I/O, reads no clock and names no tool of an attacker:
// what it knows about operating systems is in builtin.go.
package causal
