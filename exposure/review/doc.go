// Package review answers whether a procurement, an integration or a data
// expansion may go ahead: it compares the register as it is with the register as
// it would be, and computes the least set of changes to the proposal that brings
// the exposure back to what it was.
//
// # What is compared
//
// Pairs of foothold and holding that become connected or easier by at least one
// band (a new holding is compared with holdings that matter as much today); the records behind them and what of it cannot be reset; findings of the
// checks that are new; linked holdings that become more than their parts; who
// outside newly learns what.
//
// # Conditions
//
// Every worsened pair has a best path, and every such path uses a move that the
// proposal adds. The smallest set of proposed elements without which no pair is
// worse than before is found exactly: paths are collected, a smallest hitting
// set over their elements is taken out, and what is still worse is collected
// again until nothing is. For each element that is to go, milder terms (a
// stronger sign-in, no bulk reading, a cap, a filter, signed updates) are tried
// first, and taken where they suffice.
//
// # Result
//
//   - deny: a grave new finding stays whatever is changed (a covered party that
//     gets bulk data, a prohibited maker, data in a country of concern), or the
//     conditions would leave nothing of the proposal;
//   - refer: what remains is a matter of judgement (a new mosaic, a new knower of
//     architecture, weak points or plans, owners that are not known);
//   - pass with conditions: with them nothing is worse;
//   - pass: nothing is worse.
//
// The same registers, change, packs and day give the same report byte for byte.
// A report names no chance in numbers.
package review
