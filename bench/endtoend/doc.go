// Command endtoend measures the whole product from outside: events per second
// through receive, seal, detection and lake, bytes stored for an event, and
// search latencies, on 100,000 events. It prints the Markdown that
// docs/benchmarks.md keeps. "make bench" runs it.
package main
