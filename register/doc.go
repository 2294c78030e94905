// Package register holds the organisation as code: who and what there is, which
// data lie where, who may reach them, what was agreed with whom, and what is
// proposed. It is read from a folder of YAML files under version control; the
// analyses of package exposure work on it.
//
// # Files
//
// Every .yml or .yaml file below the folder holds lists of entities under the
// names of their kinds (systems, holdings, flows …); how they are spread over
// files is the authors' choice. docs/formats/register.md describes every field,
// docs/formats/register.schema.json is for editors; both are generated from the
// struct tags of this package, which the decoder follows too.
//
// # Invariants
//
//   - Decoding is strict: an unknown key, a reference to nothing, an identifier
//     that stands twice, a number or date that is none is an error with file,
//     line and, where one is near, the name that was probably meant.
//   - Identifiers are stable: an entity that is renamed keeps its old ones under
//     "was", and references by them still hold.
//   - Persons do not occur: roles are headcounts. A field that would name a
//     person does not exist.
//   - The same register has the same hash (Merkle root over canonical JSON of its
//     entities), whatever files, order or comments it is written with.
//
// It does no I/O but reading the folder that it is given.
package register
