// Package exposurecmd is the command "evident exposure": it reads a register
// and prints what the exposure engines say of it. It decides nothing itself.
package exposurecmd
