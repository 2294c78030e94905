// Package originals reads single records out of the lake's files of originals:
// it finds the row groups and pages that hold them and decodes no others.
//
// # Invariants
//
// A damaged file is an error that names file, row group and entries, never a
// panic. A file whose name is used again for other content is seen as another.
package originals
