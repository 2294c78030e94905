// Package sums keeps, in the lake's catalog, the hash of every Iceberg metadata file,
// stored in the transaction that publishes the file, and notes when the metadata had
// to be made anew. The hashes find what was changed; what the files mean is compared
// with the catalog by package lake.
package sums
