package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/search"
	"github.com/evident-sec/evident/internal/state"
)

// kills is how often TestKill kills; EVIDENT_KILLS sets more.
func kills() int { return killsOr(25) }

// killsOr returns what EVIDENT_KILLS says, else n.
func killsOr(n int) int {
	if set, err := strconv.Atoi(os.Getenv("EVIDENT_KILLS")); err == nil {
		return set
	}
	return n
}

// clearedEvery says which events the starter rules find: log clearings.
const clearedEvery = 50

// writeEvents writes distinct events; every fiftieth clears a log.
func writeEvents(t *testing.T, path string, n int) {
	t.Helper()
	at := time.Date(2026, 11, 18, 2, 0, 0, 0, time.UTC)
	writeLines(t, path, n, func(i int) string {
		id := 4624
		if i%clearedEvery == 0 {
			id = 1102
		}
		return fmt.Sprintf(`{"Channel":"Security","EventID":%d,"Hostname":"ws-%d","@timestamp":"%s",`+
			`"RecordNumber":%d,"SubjectUserName":"u%d","Pad":"%s"}`, id, i%40,
			at.Add(time.Duration(i)*time.Millisecond).Format("2006-01-02T15:04:05.000Z"), i+1, i%60,
			strings.Repeat("x", 400+i%200))
	})
}

// writeLines writes n lines to a file.
func writeLines(t *testing.T, path string, n int, line func(i int) string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	for i := range n {
		fmt.Fprintln(w, line(i))
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestKill kills an ingest at random moments, again and again, over one data
// folder: at the end every record is there once, in lake, ledger and findings.
func TestKill(t *testing.T) {
	const events = 100_000
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	dir, input := t.TempDir(), filepath.Join(t.TempDir(), "events.ndjson")
	writeEvents(t, input, events)
	data := filepath.Join(dir, "data")
	killed, early := 0, 0
	for range kills() {
		// Small seals, so that kills fall into writing Parquet and committing too.
		if killOnce(t, random, "ingest", "--data", data, "--seal-at", "2000", input) {
			killed++
		}
		if records(t, data) < events {
			early++
		}
	}
	if killed < kills()/2 {
		t.Errorf("only %d of %d ingests were killed before they were done", killed, kills())
	}
	out, err := evidentCommand(t, "ingest", "--data", data, input).CombinedOutput()
	if err != nil {
		t.Fatalf("last ingest: %v\n%s", err, out)
	}
	t.Logf("%d of %d killed, %d of them before all was processed; last ingest: %s", killed, kills(), early, bytes.TrimSpace(out))
	checkOnce(t, data, events)
}

// records reads how many records the state knows, as another process would.
func records(t *testing.T, data string) (n int64) {
	t.Helper()
	s, err := state.Open(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	sources, err := s.Sources(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range sources {
		n += f.Events
	}
	return n
}

// killOnce runs an ingest, kills it after a random time and reports whether it
// was still running.
func killOnce(t *testing.T, random *rand.Rand, args ...string) bool {
	t.Helper()
	cmd := evidentCommand(t, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	// Most kills fall where the store is busy; some fall into its opening.
	select {
	case err := <-done:
		if err != nil {
			t.Fatalf("ingest: %v\n%s", err, out.Bytes())
		}
		return false
	case <-time.After(time.Duration(100+random.IntN(1400)) * time.Millisecond):
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-done
	return true
}

// evidentCommand runs this test binary as the evident command.
func evidentCommand(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, args...)
	cmd.Env = append(os.Environ(), "EVIDENT_TEST_COMMAND=1")
	return cmd
}

// checkOnce wants every event exactly once in the lake, its finding exactly
// once in the state, and every entry proven.
func checkOnce(t *testing.T, data string, events int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n, err := node.Open(ctx, node.Config{Dir: data, Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if err := n.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	wantEach(t, n, events)
	_, found, err := n.State().Findings(ctx, state.Filter{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	if want := events / clearedEvery; found != want {
		t.Errorf("%d findings, want %d", found, want)
	}
	result, err := n.Verify(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !result.OK || result.Events != uint64(events) {
		t.Errorf("verify: ok %v, %d events, want %d; %v", result.OK, result.Events, events, result.Failures)
	}
}

// checkEach wants every event of writeEvents exactly once in a search.
func checkEach(t *testing.T, data string, events int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n, err := node.Open(ctx, node.Config{Dir: data, Command: "test", Reader: true})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if err := n.CatchUp(ctx); err != nil {
		t.Fatal(err)
	}
	wantEach(t, n, events)
}

// wantEach counts every event by its record number.
func wantEach(t *testing.T, n *node.Node, events int) {
	t.Helper()
	seen := make(map[string]int)
	err := n.Engine().Each(t.Context(), search.Request{}, func(r search.Row) error {
		body, err := json.Marshal(node.EventOf(&r).OCSF())
		if err != nil {
			return err
		}
		var ev struct {
			Metadata struct{ Sequence int } `json:"metadata"`
		}
		if err := json.Unmarshal(body, &ev); err != nil {
			return err
		}
		seen[strconv.Itoa(ev.Metadata.Sequence)]++ // Evident's own records have none
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i <= events; i++ {
		if got := seen[strconv.Itoa(i)]; got != 1 {
			t.Fatalf("event %d is there %d times", i, got)
		}
	}
}
