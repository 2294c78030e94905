// Package evtx reads Windows event logs (EVTX): files, their chunks and
// records, and the binary XML inside, as native fields.
//
// # Two halves
//
// Reader goes through a file front to back, one 64 KiB chunk at a time, finds
// the records and cuts each out with what it needs of its chunk: AppendRaw
// writes the record verbatim, followed by the template definitions and names
// that it refers to by chunk offset, verbatim with their offsets. Those bytes
// are evidence: docs/formats/evtx-record.md specifies them. Decoder turns them
// into fields, without the file.
//
// # Fields
//
// Names and values are those of the usual JSON notation of the event's XML
// (evtx_dump, SigmaHQ's regression data), flattened: Event.System.Channel,
// Event.System.Provider.#attributes.Name, Event.EventData.TargetUserName. A
// Data element is named by its Name, Data elements without one gather in the
// list Event.EventData.Data.#text. An element that occurs twice becomes a list
// as well. Integers and booleans keep their kind, hexadecimal ones are text
// (0x3e7), times are UTC with six decimals, binary is hex in capitals, GUIDs are
// in capitals without braces.
//
// # Specifications
//
// Microsoft, [MS-EVEN6], section 2.2.12 (binary XML), and the description of the
// file format by J. Metz in the libevtx project. No code is taken from either.
//
// # Invariants
//
//   - Every byte read is hostile: depth, values, text and work for one record
//     are bounded, and so are the fragments that one chunk's records may carry.
//   - What is damaged is said (Problem, Verdict), and what can still be read is
//     read. Old records in the unused space of a chunk are counted, never read:
//     their templates may have been overwritten, and a wrong template gives
//     wrong fields.
//   - Decoding a cut-out record gives the fields that decoding it inside its
//     chunk gives.
package evtx
