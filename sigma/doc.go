// Package sigma loads Sigma detection rules, compiles them into a plan and
// finds the rules that hold for an event.
//
// # Specification
//
// All documents of the Sigma specification 2.1.0: detections with all modifiers
// of its appendix, correlations of all types (and value_median), filters. No
// document is dropped silently: each is in RuleSet.Rules, Correlations or
// Filters, or in RuleSet.Rejected with file, line and reason. testdata/* shows
// the meaning of every construct by rule, event and verdict; where the
// specification leaves a choice, the case says so.
//
// Documents refer to each other by id or name, also to files read later.
// Correlations may stand on correlations, ten levels at most. What only
// correlations without "generate" refer to is Silent. Package correlate
// evaluates them.
//
// A filter's condition is added to its rules as written, where the rule is of
// the filter's log source; that it applies to no rule is a warning.
//
// Of older rules, "| count() by x > n" and its like beside a timeframe become a
// correlation with the rule's id over a silent rule, which a warning says, and
// collections (action: global, repeat, reset) are expanded. What has no
// equivalent, such as "| near", is refused by name.
//
// A placeholder without values leaves its rule loaded: see Rule.Unresolved.
// Transforms, such as the pipelines of package processing, rewrite rules after
// filters are added.
//
// Regular expressions are those of Go's regexp package (RE2): an expression
// with lookaround or backreferences is refused. Unlike in PCRE, $ without the
// flag m matches at the end of the text only, not before a final line end.
//
// # Events
//
// A rule sees the native fields of an event (event.Event.Native) under the
// names the source gave them. Names are exact, but spaces in them do not count,
// since rules are written without. Missing, null and empty are three states. A
// list matches when a member does. Text is compared under Unicode simple case
// folding, numbers as the source wrote them.
//
// Logsources, read from a mapping file, says which events a rule's log source
// means and how fields are called there. A rule with a log source that the
// mapping does not know runs on every event: Rule.Routed is then false.
//
// # Engine
//
// Events that fit the same kinds of event in the mapping share a group: the
// rules that apply, their distinct predicates, and for each field an index over
// folded text (a hash for equality, tries for beginnings and ends, one
// Aho-Corasick automaton for the rest). Every rule has a trigger: predicates of
// which one must hold if the rule does, chosen to hold rarely. Only rules whose
// trigger the index finds are evaluated, lazily, each predicate at most once.
// Wildcards within a text and regular expressions are tried only where a
// literal that they need occurs; regular expressions then run as automata that
// are built as texts need them, and in the regexp package on text that is not
// ASCII.
//
// # Invariants
//
// A Plan gives exactly the rules that RuleSet.MatchNaive gives, which evaluates
// each rule as the specification reads; the tests hold MatchNaive in turn to a
// reading of the YAML text that shares nothing with the parser, and all three
// to testdata/*.txt. Time for an event is bounded by its size times the rules
// that apply; a rule file is bounded in size, nesting, alias expansion and in
// what its modifiers and repetitions become. A Match that finds nothing
// allocates nothing.
package sigma
