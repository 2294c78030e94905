// Package ruletest holds what is expected of detection rules against what they
// do: expectations beside rules, and how rules fare over records of the past.
//
// # Expectations
//
// Three formats are read (Discover finds them by name):
//
//   - NAME.test.yml beside the rule file NAME.yml: events written in the file
//     or named, and how often the rule must fire. docs/rules.md describes it.
//   - expectations.yml, the format of rsigma's backtest: fire counts of rules
//     over a corpus of files, with a policy for what fires unexpected.
//   - info.yml of SigmaHQ's regression data: a recording, and how often its
//     rule must fire at least; a JSON file beside an EVTX file is a second case.
//
// A file that is none of these, or says something that its format does not
// have, is refused with its line; the others still run.
//
// # Judging
//
// The package does not judge: a Judge does, which gives for one input how often
// each rule fired. Every file is judged by itself, so that a correlation does
// not reach from one into another, and once, however many cases ask for it.
//
// # Invariants
//
// Results come in the order of the cases. A case that could not be judged has
// failed. Texts come from rule files and logs and may hold any character:
// WriteJUnit replaces what XML cannot carry, other surfaces escape themselves.
package ruletest
