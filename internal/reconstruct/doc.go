// Package reconstruct answers an analyst who points at one event: what
// happened, in which order, caused by what, how sure is each step, and what is
// not known. It loads the events around the seed, lets package causal find the
// spine, and writes the answer as ordered steps in plain sentences.
//
// # Specification
//
// The JSON shape is the reconstruction of the HTTP API (docs in web/api); the
// field names are the tags of Result. Grades and verdicts are those of package
// causal.
//
// # Invariants
//
// Every step carries the identifiers of the events it rests on; sentences come
// from fixed templates and hold nothing an event does not say. The same events
// and findings give the same bytes. Text of log records never stands raw in a
// result: control characters are escaped when a sentence is made.
package reconstruct
