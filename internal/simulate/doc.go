// Package simulate writes the logs of Harbor Agency, a fictional authority for
// port permits and crew vetting, in the formats of the programs that would
// have written them: Windows events as an event forwarder stores them, Linux
// audit and authentication logs, Zeek connection logs, the sign-in log of an
// identity provider and the event log of a mobile-device manager.
//
// # Model
//
// A world of people, hosts, accounts, sessions and processes is played forward
// in simulated time by an agenda of actions. An action emits records through
// an actor, the same one for ordinary work and for an intrusion, so nothing in
// a record says what it is part of. The answer key is kept beside the logs.
//
// # Invariants
//
//   - The same Config gives the same bytes: every choice comes from PCG streams
//     named after the thing that chooses; no clock and no map order is read.
//   - Identifiers join across sources as in life: process GUIDs and pids (used
//     again only after an exit), logon identifiers and logon GUIDs, addresses
//     and ports, Zeek uids, file hashes, audit serials, record numbers.
//   - Every name is invented: addresses of RFC 1918 and RFC 5737 only, domain
//     names under .example (RFC 2606) only.
//
// # Formats
//
// Windows: the flat JSON of NXLog's im_msvistalog with the native field names.
// Linux: audit.log and RFC 3164 lines. Zeek: tab-separated logs with headers.
// Identity provider: signIn and directoryAudit objects of Microsoft Graph.
// Device manager: diagnostic-log objects as Intune exports them.
package simulate
