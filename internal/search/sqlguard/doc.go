// Package sqlguard judges SQL that a person wrote by the tree that DuckDB's own
// parser made of it: one SELECT over one view, made of listed expressions,
// relations and functions. What is not listed is refused, also what a later
// version of the parser may add.
//
// Values that a statement gives are made plain here too.
//
// It is one of two walls. The other is the engine's configuration, which cannot
// reach files outside the lake, load extensions or be changed.
package sqlguard
