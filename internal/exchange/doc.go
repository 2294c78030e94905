// Package exchange reads foreign models of systems into a register and writes
// registers in foreign formats.
//
// # Import
//
// Threagile, OWASP Threat Dragon 2, Open Threat Model, the OWASP Threat Model
// Library (TM-BOM), CycloneDX 1.4 to 1.7 services, BloodHound (SharpHound zip,
// OpenGraph), OSCAL component definitions and system security plans, CSV. The
// format is detected from the content.
//
// # Invariants
//
//   - Every entity of a model is imported, or listed as skipped with the reason:
//     Imported.Total is the sum of both, by kind.
//   - What the register wants and the model does not say is not invented: it is
//     left out, or the least is taken and said in the entry's note.
//   - Persons are not imported. Users of a directory become the headcount of
//     their groups.
//   - Files are attackers' input: sizes, depth and counts are bounded.
package exchange
