// Package api answers /api/v1, described by openapi.yaml, and /healthz and
// /metrics.
//
// # Invariants
//
// Every handler takes the caller from its context (CallerFrom) and nowhere
// else. What a caller reads of the records is written to the journal before
// the answer leaves. Every error is an RFC 9457 problem with a code and what
// to do next; one function maps errors (problemFor).
package api
