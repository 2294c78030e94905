package node_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite" // the catalog's database driver

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/daykey"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/normalize"
	"github.com/evident-sec/evident/mappings"
)

// forger rewrites a lake the way somebody does who knows it well and can write
// everywhere in the folder: files, their hashes in the catalog and the check
// values of records all fit together afterwards.
type forger struct {
	*testing.T
	dir     string // of the lake
	mapping string // the files say made them; "": that of now

	entry func(e *event.Entry) bool // changes an entry, or drops it with false
	rows  func(evs []event.Event)   // changes what the columns get
	norm  *normalize.Normalizer
}

// keys are those of the folder: who forges on the machine has them.
func (f *forger) keys() *daykey.Ring {
	f.Helper()
	ring, err := daykey.Open(daykey.Config{Dir: filepath.Join(filepath.Dir(f.dir), "keys")})
	f.must(err)
	return ring
}

// forge applies the changes to every file they touch.
func (f *forger) forge() {
	f.Helper()
	var err error
	if f.norm, err = normalize.New(mappings.FS); err != nil {
		f.Fatal(err)
	}
	if f.mapping == "" {
		f.mapping = f.norm.Version()
	}
	table, err := lake.Open(f.Context(), lake.Config{Dir: f.dir, Keys: f.keys()})
	if err != nil {
		f.Fatal(err)
	}
	files := table.Files()
	entries := make([][]*event.Entry, len(files))
	for i, file := range files {
		for e, err := range table.Entries(f.Context(), file) {
			if err != nil {
				f.Fatal(err)
			}
			entries[i] = append(entries[i], e)
		}
	}
	if err := table.Close(); err != nil {
		f.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(f.dir, "catalog.db"))
	if err != nil {
		f.Fatal(err)
	}
	defer db.Close()
	for i, file := range files {
		f.replace(db, file, entries[i])
	}
}

// replace writes the entries of a file anew, in runs without gaps.
func (f *forger) replace(db *sql.DB, old lake.File, entries []*event.Entry) {
	f.Helper()
	name := filepath.Base(old.Path)
	f.must(os.Remove(old.Path))
	f.must(os.Remove(old.Originals))
	_, err := db.Exec("DELETE FROM evident_files WHERE name = ?; DELETE FROM evident_arrivals WHERE name = ?",
		name, name)
	f.must(err)
	var run []*event.Entry
	for _, e := range entries {
		if f.entry != nil && !f.entry(e) {
			f.write(db, run)
			run = nil
			continue
		}
		run = append(run, e)
	}
	f.write(db, run)
}

func (f *forger) write(db *sql.DB, run []*event.Entry) {
	f.Helper()
	if len(run) == 0 {
		return
	}
	table, err := lake.Open(f.Context(), lake.Config{Dir: f.TempDir(), Mapping: f.mapping, Keys: f.keys()})
	f.must(err)
	defer table.Close()
	for _, e := range run {
		evs := f.norm.Entry(e)
		if f.rows != nil {
			f.rows(evs)
		}
		f.must(table.Append(f.Context(), e, evs))
	}
	f.must(table.Seal(f.Context()))
	made := table.Files()[0]
	name := fmt.Sprintf("%012d-%012d.parquet", made.FirstEntry, made.LastEntry)
	f.must(os.Rename(made.Path, filepath.Join(f.dir, "data", name)))
	f.must(os.Rename(made.Originals, filepath.Join(f.dir, "originals", name)))
	_, err = db.Exec(`INSERT INTO evident_files(first_entry, last_entry, name, sha256, originals_sha256,
		time_from, time_to, rows, bytes, originals_bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		made.FirstEntry, made.LastEntry, name, made.SHA256, made.OriginalsSHA256,
		made.From.UnixMicro(), made.To.UnixMicro(), made.Rows, made.Bytes, made.OriginalsBytes)
	f.must(err)
}

func (f *forger) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}
