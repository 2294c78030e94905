// Package disposal keeps the documents of package retention in the journal, says
// what may be destroyed and why the rest stays, and destroys what two people have
// approved: rows, bytes, salts, and what was derived from them.
//
// # Invariants
//
//   - The tombstone is under a checkpoint before the first byte goes. A kill at
//     any point leaves each lake file as it was or rewritten whole; running the
//     same order again does what is left.
//   - What is destroyed is due, and not held, at the time of the destruction, not
//     only at that of the plan.
//   - What is left of a day's originals is encrypted under a new key; the old one
//     is destroyed once no file is under it.
//   - Leaf hashes stay: every proof of any other record verifies as before.
package disposal
