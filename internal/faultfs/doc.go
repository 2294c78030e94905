// Package faultfs runs a command whose file system calls somebody watches: each
// may be let through, delayed, refused with an error, cut short, or be the
// process's last. It is for tests; nothing else imports it.
//
// # How
//
// The child (Enter, the first thing its main does) installs a seccomp filter
// that stops at the calls which change files, and hands the listener to its
// parent. So faults reach every writer in the process alike, those in libraries
// too, and the program under test has no seam for them. Linux on amd64 and arm64,
// 5.19 or newer; elsewhere Start says so with ErrUnsupported.
//
// # What it does not reach
//
// Writes through mapped memory, which Evident does not use for anything it keeps,
// and reads. What a power cut takes away, which was written and not synced, a Disk
// shows: a file system of its own that can be shut down.
package faultfs
