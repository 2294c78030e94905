// Command sigma measures detection: log bytes in, findings out, on one core,
// with all SigmaHQ rules. Every lane is given to the engine of this product, to
// the naive evaluator that is its oracle (a sample), to rsigma and to Zircolite
// where they are installed, in turn and in one run, and the ratios are printed
// as the Markdown that docs/benchmarks.md keeps. "make bench-sigma" runs it.
//
// Absolute rates of a shared machine drift by a factor of two within minutes:
// only the ratios of one run mean something. Processor time is what counts; an
// engine's time for loading rules is measured with no event and taken off. All
// engines read the same file of the same events.
//
// The real lanes are the public samples in ../shared/data/bench. The generated
// ones are made anew from a fixed seed.
package main
