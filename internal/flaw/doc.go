// Package flaw gathers what is wrong with one file, in bounded memory, for the
// readers of binary logs: nothing they find may stop them.
package flaw
