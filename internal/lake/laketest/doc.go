// Package laketest is the conformance suite of the lake: what every
// implementation of it must do, whatever stores the files and the catalog. It
// also makes the entries and events that such tests need.
package laketest
