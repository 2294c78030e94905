// Command endtoend measures the whole product from outside: events per second
// through receive, seal, detection and lake, bytes stored for an event, and
// search latencies. It prints the Markdown that docs/benchmarks.md keeps. "make
// bench" runs it on 100,000 events a lane, -events says otherwise; with -against
// it measures two builds in turn.
package main
