// Package story hands on a finished incident: it writes a reconstruction in the
// forms that other people and programs read, keeps beside it what analysts say
// of it, and compares two runs.
//
// # Specification
//
// The forms are those of Formats:
//
//   - json: the result itself, byte for byte as it was sealed
//   - text, markdown, html: for people; the page is one file without scripts
//   - timesketch: JSON lines as Timesketch imports them
//     (timesketch.org/guides/user/import-from-json-csv)
//   - stix: a STIX 2.1 bundle with an Attack Flow, extension definition
//     fb9c968a-745b-4ade-9b25-c324172197f4
//     (center-for-threat-informed-defense.github.io/attack-flow/language)
//   - ocsf: one OCSF Incident Finding, class 2005
//   - dot: the causal graph for Graphviz
//   - notes: the overlays as JSON
//
// An Overlay is what one analyst said of an incident or of one of its steps. It
// is a record of its own that is sealed like every other; it never changes a
// result. A later run may number its steps otherwise, so an overlay holds an
// event of its step and is found by that.
//
// # Invariants
//
// The same result and overlays give the same bytes in every form: identifiers
// are UUIDv5, no form asks the clock. Text of log records is inert in every
// form: it is escaped as the form demands, and holds neither control nor
// bidirectional formatting characters. An overlay never changes Result.
package story
