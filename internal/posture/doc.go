// Package posture keeps one register analysed for those who look at it through
// the server: which holdings are within reach and how easily, over which moves,
// where they can be cut, what can be combined, who outside knows what, which
// checks are open, and what the proposals would change.
//
// # Read once
//
// A Keeper loads the register and derives its moves once and answers every
// question from that. It looks at the files' names, sizes and times before an
// answer, at most once a second, and reads again what has changed; at midnight
// (UTC) it judges anew, since accesses and agreements end. A register that no
// longer loads leaves the last good one in use, and Standing says what is wrong
// in it and since when. Answers are computed when they are first asked for.
//
// # Two depths
//
// Paths are the adversary's map. Every view takes a Depth: Detail has the moves
// with rule, file and line and names what lies between; Counts has bands,
// numbers and the names of holdings, vendors and proposals only, which are what
// a decision is about. Nothing in a view at Counts names a system, flow, access,
// role, device fleet, control, document, zone, file or line.
package posture
