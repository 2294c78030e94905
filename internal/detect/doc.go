// Package detect runs the compiled Sigma plan over normalised events and turns
// its matches into findings.
//
// A finding is an OCSF Detection Finding (class 2004). Its identifier is
// derived from the rule's id and the event's identifier, so judging a record
// twice (after a kill, or retro) finds the same finding again instead of
// making a second one. A finding carries the hash of its rule and of the whole
// plan, and the rule's author and licence, which the Detection Rule License
// asks for.
package detect
