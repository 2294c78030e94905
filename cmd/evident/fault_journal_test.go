package main

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evident-sec/evident/internal/node"
)

// journaled makes a data folder whose journal holds all of input, received, judged
// and searchable, but not in the lake.
func journaled(t *testing.T, input string) (data string) {
	t.Helper()
	data = filepath.Join(t.TempDir(), "data")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n, err := node.Open(ctx, node.Config{
		Dir: data, Command: "test", NoSearch: true, SealAfter: time.Hour, SealCount: math.MaxInt,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Ingest(ctx, []string{input}, nil, node.IngestOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := n.CatchUp(ctx); err != nil {
		t.Fatal(err)
	}
	time.Sleep(600 * time.Millisecond) // the state is written a quarter of a second later
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	return data
}

// journalBlocks lists the block files of a data folder's journal.
func journalBlocks(t *testing.T, data string) []string {
	t.Helper()
	blocks, err := filepath.Glob(filepath.Join(data, "journal/jetstream/*/streams/*/msgs/*.blk"))
	if err != nil || len(blocks) == 0 {
		t.Fatalf("no blocks: %v", err)
	}
	return blocks
}

// TestDamagedJournal changes a bit of a record that waits in the journal: it is
// named, everything else goes on, and the file, sent again, brings exactly what
// was lost.
func TestDamagedJournal(t *testing.T) {
	const events, hit = 5000, 1203
	input := filepath.Join(t.TempDir(), "events.ndjson")
	writeEvents(t, input, events)
	data := journaled(t, input)
	block := journalBlocks(t, data)[0]
	body, err := os.ReadFile(block)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(body, []byte(`"RecordNumber":1203,`))
	body[at] ^= 1
	write(t, block, body)

	o := evident(t, nil, "verify", "--data", data)
	if o.code != exitWrong || !strings.Contains(o.stdout, "FAILED lost: entry 3: ") ||
		!strings.Contains(o.stdout, "500 records of file:") || strings.Count(o.stdout, "FAILED") != 1 {
		t.Fatalf("verify: exit code %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	if o := evident(t, nil, "recover", "--data", data).done(t); !strings.Contains(o.stdout, "LOST journal entry 3 ") {
		t.Errorf("recover: %s", o.stdout)
	}
	o = evident(t, nil, "search", "--data", data, "api.operation:journal-loss").done(t)
	if !strings.Contains(o.stdout, "journal-loss") {
		t.Errorf("the loss is not searchable: %s", o.stdout)
	}
	r := evident(t, nil, "ingest", "--json", "--data", data, input).done(t).report(t)
	if r.Records != 500 || r.Already != events-500 {
		t.Errorf("sent again: %+v, want 500 records", r)
	}
	o = evident(t, nil, "verify", "--data", data).done(t)
	if !strings.Contains(o.stdout, "NOTE lost: entry 3: was lost in the journal; entry ") {
		t.Errorf("verify: %s", o.stdout)
	}
	checkEach(t, data, events)
}

// TestLostJournal takes the whole stream away: the folder opens only for who says
// so, and nothing begins at 1 again.
func TestLostJournal(t *testing.T) {
	const events = 2000
	input := filepath.Join(t.TempDir(), "events.ndjson")
	writeEvents(t, input, events)
	data := journaled(t, input)
	if err := os.RemoveAll(filepath.Join(data, "journal", "jetstream")); err != nil {
		t.Fatal(err)
	}
	evident(t, nil, "search", "--data", data, "*").refused(t, "lost", "restore", "--accept-loss")
	o := evident(t, nil, "recover", "--data", data, "--accept-loss").done(t)
	if strings.Count(o.stdout, "LOST") != events/500 {
		t.Errorf("recover: %s", o.stdout)
	}
	if o := evident(t, nil, "verify", "--data", data); o.code != exitWrong || strings.Count(o.stdout, "FAILED lost:") != 4 {
		t.Errorf("verify: exit code %d, %s", o.code, o.stdout)
	}
	// What every entry held is not known: the ledger has their roots, the state
	// forgot their batches.
	r := evident(t, nil, "ingest", "--json", "--data", data, input).done(t).report(t)
	if r.Records != events {
		t.Errorf("sent again: %+v", r)
	}
	checkEach(t, data, events)
}
