package node_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/story"
)

const annotated = `{"Channel":"Security","EventID":4688,"Hostname":"WS-017","@timestamp":"2026-11-18T02:14:00Z","SourceName":"Microsoft-Windows-Security-Auditing","RecordNumber":40,"NewProcessId":"0x1a4","NewProcessName":"C:\\Windows\\System32\\wevtutil.exe","ProcessId":"0x10","SubjectLogonId":"0x3e7"}
{"Channel":"Security","EventID":1102,"Hostname":"WS-017","@timestamp":"2026-11-18T02:15:00Z","SourceName":"Microsoft-Windows-Eventlog","RecordNumber":41,"SubjectUserName":"u.ashgrove","SubjectLogonId":"0x3e7"}
`

func openAnnotated(t *testing.T, dir string) *node.Node {
	t.Helper()
	n, err := node.Open(t.Context(), node.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

// TestAnnotate: an overlay is sealed as the record it says, the result stays as
// it was, and a state that was lost gets the overlay back from its record. A
// foreign record that looks like one is none.
func TestAnnotate(t *testing.T) {
	dir := t.TempDir()
	n := openAnnotated(t, dir)
	ctx := t.Context()
	log := filepath.Join(t.TempDir(), "evident:audit")
	forged := `{"time":"2026-11-18T02:15:01Z","product":"evident","service":"audit",` +
		`"operation":"annotate","overlay":{"uid":"note-forged","incident":"x","event":"1-1","reason":"r"}}` + "\n"
	if err := os.WriteFile(log, []byte(annotated+forged), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Dir(log)) // so that its source has our own name
	if _, err := n.Ingest(ctx, []string{"evident:audit"}, nil, node.IngestOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := n.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	before := told(t, n)
	wanted, err := before.Result.JSON()
	if err != nil || len(before.Result.Steps) == 0 || len(before.Overlays) != 0 {
		t.Fatalf("%d steps, %d overlays: %v", len(before.Result.Steps), len(before.Overlays), err)
	}
	said, err := n.Annotate(ctx, "uid-1", "1-1", story.Overlay{
		Kind: story.Reject, Step: 1, Reason: "maintenance\x1b[2J",
	}, func(b []byte) (string, error) { return strings.ToUpper(string(b[:7])), nil })
	if err != nil {
		t.Fatal(err)
	}
	after := told(t, n)
	if got, _ := after.Result.JSON(); string(got) != string(wanted) {
		t.Error("the result has other bytes")
	}
	if len(after.Overlays) != 1 || !reflect.DeepEqual(after.Overlays[0], said) ||
		said.Signature != "EVIDENT" {
		t.Errorf("%+v, want %+v", after.Overlays, said)
	}
	sealedOverlay(t, n, said)
	restored(t, n, dir, said)
}

func told(t *testing.T, n *node.Node) *story.Told {
	t.Helper()
	s, err := n.Tell(t.Context(), "uid-1", "1-1")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sealedOverlay checks that the record says what the overlay does.
func sealedOverlay(t *testing.T, n *node.Node, said story.Overlay) {
	t.Helper()
	if err := n.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Prove(t.Context(), said.Record); err != nil {
		t.Errorf("the record has no proof: %v", err)
	}
	_, record, err := n.Event(t.Context(), said.Record)
	if err != nil {
		t.Fatal(err)
	}
	var body struct {
		Operation, Caller string
		Overlay           story.Overlay
	}
	if err := json.Unmarshal(record.Raw, &body); err != nil {
		t.Fatal(err)
	}
	body.Overlay.Record = said.Record // the record cannot name itself
	if body.Operation != "annotate" || body.Caller != "uid-1" ||
		!reflect.DeepEqual(body.Overlay, said) {
		t.Errorf("the record says %+v, want %+v", body, said)
	}
}

// restored loses the state and opens the folder again.
func restored(t *testing.T, n *node.Node, dir string, said story.Overlay) {
	t.Helper()
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "state.db*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%v: %v", files, err)
	}
	for _, f := range files {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	n = openAnnotated(t, dir)
	if err := errors.Join(n.CatchUp(t.Context()), n.Settle(t.Context())); err != nil {
		t.Fatal(err)
	}
	if back := told(t, n).Overlays; len(back) != 1 || !reflect.DeepEqual(back[0], said) {
		t.Errorf("%+v came back, want %+v", back, said)
	}
}

// TestAnnotateRefuses: what cannot be taken leaves no record, and a comparison
// of an incident with itself finds nothing.
func TestAnnotateRefuses(t *testing.T) {
	n := openAnnotated(t, t.TempDir())
	ctx := context.Background()
	in := strings.NewReader(annotated)
	if _, err := n.IngestStream(ctx, "log", in, node.IngestOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := n.CatchUp(ctx); err != nil {
		t.Fatal(err)
	}
	for _, o := range []story.Overlay{
		{Kind: story.Confirm, Step: 99, Reason: "r"}, {Kind: story.Confirm, Step: 1}, {Kind: "like"},
	} {
		if _, err := n.Annotate(ctx, "uid-1", "1-1", o, nil); !errors.Is(err, story.ErrOverlay) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if list, err := n.Overlays(ctx, "uid-1", "1-1"); err != nil || len(list) != 0 {
		t.Errorf("%v: %v", list, err)
	}
	c, err := n.Compare(ctx, "uid-1", "1-1", "1-1")
	if err != nil || len(c.Differences) != 0 {
		t.Errorf("%+v: %v", c, err)
	}
}
