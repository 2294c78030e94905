// Package checks judges a register by standards. What is checked, under which
// control, and how grave it is, are dated data (package packs); how a check is
// decided is one function a check here.
//
// A check is decided from the register alone, or it is attested: the register
// then holds somebody's word and the day until which it is good. Attested checks
// are reported as attested, lapsed or missing, never as passed.
//
// Findings name the entity with file and line, the check and its source. A
// waiver in the register, signed by two roles and not expired, marks a finding
// as accepted; it stays in the list.
package checks
