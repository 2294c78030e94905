// Command reconstruct measures reconstruction over millions of events: the days
// of a simulated organisation, repeated beside one another with other hosts,
// addresses, persons and identifiers over a month, in a lake with stored edges.
// Each cold answer is that of a new process that opens the lake; warm ones are
// those of one process that has the edges in memory. "make bench-reconstruct"
// runs it and prints the Markdown that docs/benchmarks.md keeps; -events says
// how many events, -dir keeps the lake.
package main
