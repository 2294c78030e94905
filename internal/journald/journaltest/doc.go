// Package journaltest has systemd journals for tests: some that systemd 252
// itself wrote, with what journalctl exported of them, and a Writer for others.
// The writer shares no code with the reader, so that the one checks the other; its
// sealing keys only run forward, as on a host.
//
// The files were made with systemd-journal-remote --seal from made-up entries, and
// their keys with journalctl --setup-keys --interval=10s.
package journaltest
