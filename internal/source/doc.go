// Package source turns files, folders, archives and streams into journal
// entries: it finds the records in the bytes and groups them into batches.
//
// # Framing
//
// What one record is depends on the format: a line, a JSON value, or all the
// lines of one Linux audit event. A record's raw bytes are the original bytes
// without the line terminator; of a Windows event log they are the record and
// the parts of its chunk that it refers to (package evtx). Nothing is decoded
// here beyond that.
//
// # Resuming
//
// Batches are identified by a hash chain over the content up to their end
// (event.BatchID), so a stream that is read again, also after a kill and also
// when it has grown, adds only what is missing. The chain starts with the
// format and the column header, not with the file's name: a renamed copy is
// the same content.
// A last line without its end begins a batch of its own, because the rest of
// it may still come; until then it is a record, and stays one.
//
// Each chunk of a Windows event log begins the chain anew, because the log is
// written in a circle: of a copy made later only the chunks that changed are
// new.
//
// # Bad input
//
// A part that cannot be read (a truncated archive, an over-long line, a file
// that is not a log) becomes one Problem with its place; the rest goes
// through.
// What was read although its own checksums or record numbers say that
// something is wrong is a Problem as well, but is not counted as skipped.
// A zip without its directory gives the members that its local headers show.
package source
