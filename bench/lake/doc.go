// Command lake measures search over millions of events: simulated days of an
// organisation, replicated with other hosts, persons and identifiers, written
// through the lake's own writer, compacted as a lake does in the background.
// It prints the Markdown that docs/benchmarks.md keeps. "make bench-lake" runs
// it; -events says how many.
package main
