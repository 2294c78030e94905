package search

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/evident-sec/evident/internal/search/names"

	"github.com/evident-sec/evident/internal/search/glob"
)

// TestEngineIsShutIn runs statements that no query can make, to see that the
// configuration alone would refuse them.
func TestEngineIsShutIn(t *testing.T) {
	lake := newTestLake(t)
	e := openTest(t, lake)
	outside := filepath.Join(t.TempDir(), "secret.csv")
	if err := os.WriteFile(outside, []byte("a\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, stmt := range []string{
		"SELECT * FROM read_csv(" + text(outside) + ")",
		"SELECT * FROM read_parquet(" + text(lake.dir+"/../../etc/x.parquet") + ")",
		"COPY (SELECT 1) TO " + text(outside+".copy"),
		"ATTACH " + text(outside+".db"),
		"INSTALL httpfs", "LOAD httpfs", "SELECT * FROM read_csv('https://127.0.0.1/x')",
		"SET enable_external_access = true", "SET threads = 9", "SET memory_limit = '9GB'",
	} {
		if _, err := e.db.ExecContext(t.Context(), stmt); err == nil {
			t.Errorf("%s was allowed", stmt)
		}
	}
}

// TestSpill makes more events visible than the memory limit holds.
func TestSpill(t *testing.T) {
	e, err := Open(t.Context(), Config{Dir: t.TempDir(), MemoryMB: 160})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for entry := uint64(1); entry < 120; entry += 20 {
		if err := e.Hot(t.Context(), benchEvents(entry, 10_000)); err != nil {
			t.Fatal(err)
		}
	}
	q, err := Parse("comsvcs.dll")
	if err != nil {
		t.Fatal(err)
	}
	res, err := e.Search(t.Context(), Request{Query: q})
	if err != nil || res.Total != 2 {
		t.Errorf("%+v, %v; want 2 events", res, err)
	}
	var spilled int64
	err = e.db.QueryRowContext(t.Context(),
		"SELECT sum(temporary_storage_bytes)::BIGINT FROM duckdb_memory()").Scan(&spilled)
	if err != nil || spilled == 0 {
		t.Errorf("%d bytes spilled, %v; the test wants some", spilled, err)
	}
	t.Logf("%d MiB spilled", spilled>>20)
}

// TestMappedClassesAreAll looks for classes that the list here has not.
func TestMappedClassesAreAll(t *testing.T) {
	listed := map[uint32]bool{}
	for _, c := range names.Classes {
		if c.UID == 0 {
			t.Error("a listed class is not known to package event")
		}
		listed[c.UID] = true
	}
	for uid := uint32(1); uid < 300_000; uid++ {
		if (textIs{findMust(t, "class_name"), glob.Glob("base event")}).match(eventOfClass(uid)) == listed[uid] {
			t.Errorf("class %d: listed %t", uid, listed[uid])
		}
	}
}
