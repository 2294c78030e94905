// Package evtxtest writes Windows event logs for tests: small files with every
// construct of the format, from code alone. It shares no code with the reader,
// so that the one checks the other.
//
// File.Event writes an event as Windows does, with a template for its header
// and one for its data. File.Record gives the pieces of binary XML one by one.
package evtxtest
