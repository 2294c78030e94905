// Package textmatch finds literals and regular expressions in texts, fast and
// in bounded memory: simple Unicode case folding, an Aho-Corasick automaton, a
// trie over beginnings or ends, automata of regular expressions that are built
// as texts need them, and the literals that every match of an expression has.
//
// It also says which of some names a misspelt one is nearest to. It knows nothing
// of rules or events. Everything here gives the answer of the
// plain algorithm (strings, regexp); the tests hold it to that.
package textmatch
