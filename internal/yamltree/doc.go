// Package yamltree reads YAML files that people write and attackers may have
// touched (rules, pipelines, registers) into plain trees with line numbers.
//
// # Invariants
//
//   - A file is refused before it costs more than its size is worth: bytes,
//     nodes after alias expansion, depth, brackets and keys have bounds.
//   - Every node and every error knows its line, so that a reader can say where.
//   - No reflection: a consumer asks for the keys it knows and refuses others.
//   - Anchors, aliases and tags are resolved; merge keys (<<) and complex keys
//     are refused, a key that stands twice in one map too.
//
// Files in the simple part of the language, which are almost all, are read by a
// small reader of its own, all others by a YAML module. The two give the same
// nodes and lines; what the small reader is not sure of it leaves alone.
//
// It does no I/O.
package yamltree
