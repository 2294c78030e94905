// Package durable puts small files on the disk and takes files off it, so that
// neither a kill nor a power cut leaves half of one.
//
// Invariants: a file that Write or New returned for is whole, under its name, and
// both are synced. A file that Wipe returned for is gone and its bytes were
// overwritten in place first; file systems that never write in place, and the
// spare cells of flash, may keep them all the same.
package durable
