// Package lake keeps normalised events for decades: Parquet files in an Apache
// Iceberg table on local disk, with a SQL catalog in SQLite.
//
// # Layout
//
//	catalog.db               Iceberg SQL catalog, and what it does not hold: file hashes, column ids
//	metadata/                Iceberg table metadata, manifest lists, manifests
//	data/F-L.parquet         columns: one row per event, one column per attribute (the Iceberg table)
//	originals/F-L.parquet    the records themselves: salt, raw bytes, check value, and their entry
//	edges/F-L.parquet        causal edges, derived from the columns; not in the Iceberg table
//	pending/                 files being written; emptied by Open
//
// F and L are the first and last journal entry in the file. Columns and
// originals are separate files because fetching one raw record from a wide
// file decodes a whole row group of raw bytes; originals therefore have small
// row groups that never split an entry.
//
// # Invariants
//
// Exactly once: the highest committed entry (Watermark) is in the summary of
// the Iceberg snapshot that made it visible, as "evident.through". The
// snapshot pointer and the facts about its files (hashes, entries, times) are
// one SQLite transaction, and every file it points at, metadata included, was
// synced before. After a kill at any point Open finds the last such state and
// removes files it does not name.
//
// The facts are enough to make the Iceberg metadata anew, which Open does when
// the folder was moved or copied (Iceberg stores absolute paths), when the
// dictionary of attributes grew, or when the metadata is unreadable.
//
// An entry's records are all in one file and one row group. Text columns hold
// valid UTF-8: other bytes become U+FFFD there, because a single invalid byte
// makes readers refuse the whole file. Originals keep the exact bytes. Times
// are microseconds in columns and nanoseconds in originals.
//
// Reading never trusts a file: damage, truncation and panics inside the
// Parquet reader become a *DamageError that names the file and the entries.
//
// # Specifications
//
// Apache Parquet format 2; Apache Iceberg table specification, format version
// 2, and its SQL (JDBC) catalog. Parquet fields carry Iceberg field ids and
// the table has a name mapping, so that readers may use either.
package lake
