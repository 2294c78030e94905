package witness_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/evident-sec/evident/internal/witness"
	"github.com/evident-sec/evident/proof"
)

const origin = "evident.local/test"

// history is a log's entries; fork gives one that differs from an entry on.
type history struct {
	signer note.Signer
	hashes []tlog.Hash // stored hashes
	roots  []proof.Hash
}

// newHistory makes a log of n entries whose entries from fork on carry mark.
func newHistory(t testing.TB, signer note.Signer, n, fork int, mark string) *history {
	t.Helper()
	h := &history{signer: signer, roots: []proof.Hash{proof.Root(nil)}}
	for i := range n {
		data := fmt.Sprintf("entry %d", i)
		if i >= fork {
			data += mark
		}
		more, err := tlog.StoredHashes(int64(i), []byte(data), tlog.HashReaderFunc(h.read))
		if err != nil {
			t.Fatal(err)
		}
		h.hashes = append(h.hashes, more...)
		root, err := tlog.TreeHash(int64(i+1), tlog.HashReaderFunc(h.read))
		if err != nil {
			t.Fatal(err)
		}
		h.roots = append(h.roots, root)
	}
	return h
}

func (h *history) read(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		out[i] = h.hashes[at]
	}
	return out, nil
}

// request is the body that asks for the checkpoint of the given size.
func (h *history) request(t testing.TB, old, size int) []byte {
	t.Helper()
	c := proof.Checkpoint{Origin: origin, Size: int64(size), Root: h.roots[size]}
	signed, err := note.Sign(&note.Note{Text: c.Text()}, h.signer)
	if err != nil {
		t.Fatal(err)
	}
	var path []proof.Hash
	if old > 0 && old <= size {
		if path, err = tlog.ProveTree(int64(size), int64(old), tlog.HashReaderFunc(h.read)); err != nil {
			t.Fatal(err)
		}
	}
	return proof.AddCheckpoint{Old: int64(old), Path: path, Signed: signed}.Marshal()
}

// logKey returns a log's key pair, made from its name.
func logKey(t testing.TB, name string) (note.Signer, string) {
	t.Helper()
	secret, key, err := note.GenerateKey(strings.NewReader(strings.Repeat(name, 40)), name)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	return signer, key
}

func open(t testing.TB, dir string) *witness.Witness {
	t.Helper()
	_, key := logKey(t, origin)
	w, err := witness.Open(witness.Config{Dir: dir, Name: "oversight.example/w1", Logs: []string{key}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// post sends a request and returns status, content type and body.
func post(t testing.TB, url string, body []byte) (int, string, string) {
	t.Helper()
	resp, err := http.Post(url+"/add-checkpoint", "text/plain", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Content-Type"), string(answer)
}

func alarms(t testing.TB, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "alarms", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range files {
		files[i], _, _ = strings.Cut(filepath.Base(f), "-")
	}
	return files
}

// TestProtocol goes through what tlog-witness says about add-checkpoint, in the
// order of one conversation, over HTTP.
func TestProtocol(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir)
	server := httptest.NewServer(w.Handler())
	defer server.Close()
	signer, _ := logKey(t, origin)
	stranger, _ := logKey(t, origin+"x")
	honest := newHistory(t, signer, 40, 99, "")
	forged := newHistory(t, signer, 40, 5, "'")
	unsigned := newHistory(t, stranger, 40, 99, "")
	short := honest.request(t, 10, 20)
	short = []byte(strings.Replace(string(short), strings.SplitAfter(string(short), "\n")[1], "", 1))
	for _, step := range []struct {
		name   string
		body   []byte
		status int
		size   string // of a conflict
		alarm  string // raised by this step
	}{
		{"no body", nil, 400, "", ""},
		{"garbage", []byte("old 0\nxyz\n\n"), 400, "", ""},
		{"unknown log", []byte("old 0\n\nexample.com/other\n1\nAAAA\n\n"), 404, "", ""},
		{"not signed by the log", unsigned.request(t, 0, 8), 403, "", ""},
		{"old size above the checkpoint's", []byte("old 9" + string(honest.request(t, 0, 8)[5:])), 400, "", ""},
		{"old size, nothing cosigned", honest.request(t, 4, 8), 409, "0", ""},
		{"first", honest.request(t, 0, 8), 200, "", ""},
		{"the same again", honest.request(t, 8, 8), 200, "", ""},
		{"wrong old size", honest.request(t, 0, 10), 409, "8", ""},
		{"longer", honest.request(t, 8, 10), 200, "", ""},
		{"a repeated old one", honest.request(t, 8, 8), 409, "10", ""},
		{"proof cut short", short, 422, "", "inconsistent"},
		{"smaller, never seen", honest.request(t, 8, 9), 409, "10", "rollback"},
		{"same size, other root", forged.request(t, 10, 10), 409, "", "fork"},
		{"an old size, other root", forged.request(t, 0, 8), 409, "10", "fork"},
		{"other history", forged.request(t, 10, 20), 422, "", "inconsistent"},
		{"goes on", honest.request(t, 10, 40), 200, "", ""},
	} {
		before := len(alarms(t, dir))
		status, kind, answer := post(t, server.URL, step.body)
		if status != step.status {
			t.Fatalf("%s: %d %s, want %d", step.name, status, answer, step.status)
		}
		if step.size != "" && (kind != "text/x.tlog.size" || answer != step.size+"\n") {
			t.Errorf("%s: %s %q, want the size %s", step.name, kind, answer, step.size)
		}
		if status == 200 {
			checkLine(t, w.Key(), step.body, answer)
		}
		raised := alarms(t, dir)[before:]
		if want := step.alarm != ""; (len(alarms(t, dir)) > before) != want {
			t.Errorf("%s: alarms %v, want %q", step.name, raised, step.alarm)
		}
	}
	if w.Alarms() != 5 {
		t.Errorf("%d alarms", w.Alarms())
	}
	resp, err := http.Get(server.URL + "/healthz")
	if err != nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("healthz: %v, %v", resp, err)
	}
	resp.Body.Close()
	checkMetrics(t, server.URL)
}

func checkMetrics(t *testing.T, url string) {
	t.Helper()
	resp, err := http.Get(url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	for _, want := range []string{
		`evident_witness_size{origin="evident.local/test"} 40`, "evident_witness_alarms 5",
		`evident_witness_requests_total{result="cosigned"} 4`,
		`evident_witness_requests_total{result="alarm_fork"} 2`,
	} {
		if !strings.Contains(string(text), want+"\n") {
			t.Errorf("metrics lack %s:\n%s", want, text)
		}
	}
}

// checkLine checks that the answer is a good cosignature of what was sent.
func checkLine(t testing.TB, witnessKey string, body []byte, line string) {
	t.Helper()
	_, key := logKey(t, origin)
	policy, err := proof.ParsePolicy([]byte("log " + key + "\nwitness w " + witnessKey + "\nquorum w\n"))
	if err != nil {
		t.Fatal(err)
	}
	request, err := proof.ParseAddCheckpoint(body)
	if err != nil {
		t.Fatal(err)
	}
	head, err := policy.Open(append(request.Signed, line...))
	if err != nil {
		t.Fatal(err)
	}
	if age := time.Since(head.Cosigned[0].Time); age < -time.Minute || age > time.Minute {
		t.Errorf("cosigned %v ago", age)
	}
}

// TestMemory reopens the witness: what it cosigned, and alarms, are kept; it
// does not start where its memory is gone or another process has it.
func TestMemory(t *testing.T) {
	dir := t.TempDir()
	signer, key := logKey(t, origin)
	honest := newHistory(t, signer, 20, 99, "")
	forged := newHistory(t, signer, 20, 5, "'")
	w := open(t, dir)
	public := w.Key()
	if _, err := w.Cosign(t.Context(), honest.request(t, 0, 8)); err != nil {
		t.Fatal(err)
	}
	if _, err := witness.Open(witness.Config{Dir: dir}); err == nil {
		t.Fatal("two processes have one folder")
	}
	if _, err := w.Cosign(t.Context(), forged.request(t, 8, 8)); err == nil {
		t.Fatal("cosigned a fork")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w = open(t, dir)
	if w.Key() != public || w.Alarms() != 1 || w.Logs()[0].Size != 8 {
		t.Fatalf("reopened: %s, %d alarms, %+v", w.Key(), w.Alarms(), w.Logs())
	}
	if _, err := w.Cosign(t.Context(), forged.request(t, 0, 8)); err == nil {
		t.Fatal("cosigned a fork after a restart")
	}
	if _, err := w.Cosign(t.Context(), honest.request(t, 8, 20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	latest, err := filepath.Glob(filepath.Join(dir, "logs", "*", "latest"))
	if err != nil || len(latest) != 1 {
		t.Fatal(latest, err)
	}
	for name, spoil := range map[string]func() error{
		"latest damaged": func() error { return os.WriteFile(latest[0], []byte("x"), 0o600) },
		"latest gone":    func() error { return os.Remove(latest[0]) },
		"key gone":       func() error { return os.Remove(filepath.Join(dir, "key")) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		if _, err := witness.Open(witness.Config{Dir: dir, Logs: []string{key}}); err == nil {
			t.Errorf("%s: it starts", name)
		}
	}
}

// TestConcurrentForks sends both sides of a fork at once: at each size at most
// one root is cosigned.
func TestConcurrentForks(t *testing.T) {
	w := open(t, t.TempDir())
	signer, _ := logKey(t, origin)
	sides := []*history{newHistory(t, signer, 30, 3, "'"), newHistory(t, signer, 30, 3, "''")}
	type signed struct{ size, side int }
	results := make(chan []signed, 8)
	for i := range 8 {
		bodies := map[signed][]byte{}
		for old := range 30 {
			bodies[signed{old + 1, i % 2}] = sides[i%2].request(t, old, old+1)
		}
		go func() {
			var done []signed
			for size := 1; size <= 30; size++ {
				at := signed{size, i % 2}
				if _, err := w.Cosign(t.Context(), bodies[at]); err == nil {
					done = append(done, at)
				}
			}
			results <- done
		}()
	}
	roots := map[int]proof.Hash{}
	for range 8 {
		for _, s := range <-results {
			root := sides[s.side].roots[s.size]
			if have, ok := roots[s.size]; ok && have != root {
				t.Fatalf("two roots are cosigned at size %d", s.size)
			}
			roots[s.size] = root
		}
	}
	if len(roots) < 3 {
		t.Fatalf("only %d sizes were cosigned", len(roots))
	}
}

func BenchmarkCosign(b *testing.B) {
	w := open(b, b.TempDir())
	signer, _ := logKey(b, origin)
	h := newHistory(b, signer, 2000, 9999, "")
	for i := 0; b.Loop(); i++ {
		if i >= 1999 {
			b.Skip("the log of the benchmark is too short; use -benchtime 1000x")
		}
		if _, err := w.Cosign(b.Context(), h.request(b, i, i+1)); err != nil {
			b.Fatal(err)
		}
	}
}

// TestHistoryTurnsOver fills the history past its bound: old entries go, what
// was cosigned lately is still told from a fork.
func TestHistoryTurnsOver(t *testing.T) {
	dir := t.TempDir()
	signer, _ := logKey(t, origin)
	honest := newHistory(t, signer, 12, 99, "")
	forged := newHistory(t, signer, 12, 2, "'")
	w := open(t, dir)
	for size := 1; size <= 10; size++ {
		if _, err := w.Cosign(t.Context(), honest.request(t, size-1, size)); err != nil {
			t.Fatal(err)
		}
		if size != 4 && size != 8 {
			continue
		}
		found, err := filepath.Glob(filepath.Join(dir, "logs", "*", "history"))
		if err != nil || len(found) != 1 {
			t.Fatal(found, err)
		}
		f, err := os.OpenFile(found[0], os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.WriteString(strings.Repeat("torn line\n", 220_000))
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	check := func(w *witness.Witness) {
		t.Helper()
		before := w.Alarms()
		for size, kind := range map[int]string{3: "rollback", 6: "fork", 9: "fork", 10: "fork"} {
			_, _ = w.Cosign(t.Context(), forged.request(t, 0, size))
			if files, _ := filepath.Glob(filepath.Join(dir, "alarms", fmt.Sprintf("%s-%d-*", kind, size))); len(files) != 1 {
				t.Errorf("size %d: no alarm %s, there are %v", size, kind, alarms(t, dir))
			}
		}
		if _, err := w.Cosign(t.Context(), honest.request(t, 0, 7)); err == nil || w.Alarms() > before+4 {
			t.Errorf("a repeated old checkpoint: %v, %d alarms", err, w.Alarms())
		}
	}
	check(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	check(open(t, dir))
}
