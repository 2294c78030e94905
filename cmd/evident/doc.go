// Command evident receives logs, seals them, detects, searches, reconstructs
// and proves. Each command is one file of this package; all of them end with 0
// (done), 1 (done, and something was found wrong) or 2 (could not run).
package main
