// Package detect runs the compiled Sigma plan over normalised events and turns
// its matches into findings.
//
// A finding is an OCSF Detection Finding (class 2004). Its identifier is
// derived from the rule's id and the event's identifier, so judging a record
// twice (after a kill, or retro) finds the same finding again instead of
// making a second one. A finding carries the hash of its rule and of the whole
// plan, and the rule's author and licence, which the Detection Rule License
// asks for.
//
// A Judge also collects the events that correlated rules hold for (Verdict); a
// Correlator takes those in journal order and returns the findings of
// correlations: analytic type Correlation, the window's events as evidences
// (100 at most, the latest; related_events_count says how many there are) and
// an identifier derived from correlation, group, and the events at which it
// fired. Rules and correlations that only feed others are no findings.
package detect
