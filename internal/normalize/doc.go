// Package normalize turns the bytes of a record into the two views that the
// rest of Evident works on: the source's own fields (detection) and OCSF
// attributes (search, causal graph).
//
// # Two steps
//
// Decode reads one record by its format (JSON, syslog, Linux audit, Zeek, CSV,
// text) into native fields and then lifts the wrappers that shippers put
// around an event (winlogbeat, evtx_dump, Azure) so that a Windows event shows
// the same plain names however it travelled: Channel, EventID, CommandLine.
// The mapping then says which product, Sigma log source, OCSF class and
// activity the event is, when it happened, and which attributes it has.
//
// Shapes, message patterns and mappings are data: the YAML documents of the
// folder mappings, compiled by New. Their language is described in
// mappings/README.md. No source is known to this package's code; only formats
// and transforms are.
//
// # Invariants
//
//   - Raw bytes are never changed. Derived text is valid UTF-8; bytes that are
//     not become U+FFFD.
//   - Entry never fails and never drops a record: what cannot be decoded comes
//     back with Problem set.
//   - The same bytes, mapping and receive time give the same event. The package
//     does no I/O and reads no clock.
//   - Time and memory per record are bounded: depth, number of values, length of
//     names and of attributes have limits, and patterns are RE2.
//   - Strings alias the record's bytes and memory shared by the records of the
//     same entry. A consumer that keeps one event for long clones what it needs.
//
// # Event time
//
// Event.Time is the time in the event's header (TimeCreated, ts, eventTime): the
// clock by which one host's records are ordered. A second clock in the payload
// (Sysmon's UtcTime) goes to metadata.original_time where it differs. A header
// time without zone is shifted by the offset between the shipper's own local
// and UTC times where it gives both (NXLog: EventReceivedTime and @timestamp),
// else it is read as UTC. Times before 1990 or more than ten years after
// arrival are replaced by the arrival time and kept as metadata.original_time.
package normalize
