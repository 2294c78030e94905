// Package detectcmd has the commands of a detection engineer: "evident detect"
// scans files or sealed records and keeps nothing, "evident rules" checks,
// explains, tests, tunes and backtests rules. Both judge by the same scan.
package detectcmd
