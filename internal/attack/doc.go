// Package attack relates detection rules to MITRE ATT&CK: which techniques the
// rules of a set look for, which of these rules can never fire because their
// data does not arrive, and both as a layer of the ATT&CK Navigator.
//
// # Formats
//
// Coverage.Layer is a layer of the Navigator's layer format 4.5. ReadCatalog
// reads the STIX 2.0 and 2.1 bundles in which MITRE publishes ATT&CK; no part
// of ATT&CK itself is in the program, so without a catalog techniques have
// numbers only.
//
// # Invariants
//
// A technique is covered by the rules that carry its tag, no more: a tag on a
// technique says nothing about its sub-techniques, and the other way round.
// Everything is in order of technique or of rules, so that two runs over the
// same rules give the same bytes.
package attack
