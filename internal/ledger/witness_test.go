package ledger_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evident-sec/evident/internal/ledger"
	"github.com/evident-sec/evident/internal/witness"
	"github.com/evident-sec/evident/proof"
)

// office is a witness served over HTTP that can be stopped and started at the
// same address.
type office struct {
	t      testing.TB
	dir    string
	name   string
	logKey string
	addr   string
	w      *witness.Witness
	server *http.Server
	log    lockedBuffer
}

// lockedBuffer keeps what is logged.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newOffice(t testing.TB, name, logKey string) *office {
	t.Helper()
	o := &office{t: t, dir: t.TempDir(), name: name, logKey: logKey, addr: "127.0.0.1:0"}
	o.start()
	t.Cleanup(o.stop)
	return o
}

func (o *office) start() {
	o.t.Helper()
	var err error
	o.w, err = witness.Open(witness.Config{
		Dir: o.dir, Name: o.name, Logs: []string{o.logKey},
		Log: slog.New(slog.NewTextHandler(&o.log, nil)),
	})
	if err != nil {
		o.t.Fatal(err)
	}
	listener, err := net.Listen("tcp", o.addr)
	if err != nil {
		o.t.Fatal(err)
	}
	o.addr = listener.Addr().String()
	server := &http.Server{Handler: o.w.Handler()}
	o.server = server
	go func() { _ = server.Serve(listener) }()
}

func (o *office) stop() {
	if o.server != nil {
		_ = o.server.Close()
		_ = o.w.Close()
		o.server = nil
	}
}

func (o *office) line() string {
	return fmt.Sprintf("witness %s %s http://%s\n", o.name, o.w.Key(), o.addr)
}

// newKey makes a ledger's folder and returns its verifier key.
func newKey(t *testing.T, dir string) string {
	t.Helper()
	l := open(t, dir)
	defer l.Close()
	return l.VerifierKey()
}

func openWitnessed(t *testing.T, dir, policy string, log *slog.Logger) *ledger.Log {
	t.Helper()
	p, err := proof.ParsePolicy([]byte(policy))
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(t.Context(), ledger.Config{
		Dir: dir, CheckpointInterval: 100 * time.Millisecond, Witnesses: p, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// await polls until the condition holds; what it waits for is said where it
// does not within a generous time.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatal("did not happen: " + what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func witnessedSize(l *ledger.Log) int64 {
	w, _ := l.Witnessing()
	return w.Size
}

// TestQuorum seals under two of three witnesses, one of which is down and comes
// back; the proof of an old entry then carries the cosignatures.
func TestQuorum(t *testing.T) {
	dir := t.TempDir()
	key := newKey(t, dir)
	a, b, c := newOffice(t, "a", key), newOffice(t, "b", key), newOffice(t, "c", key)
	text := "log " + key + "\n" + a.line() + b.line() + c.line() + "group two 2 a b c\nquorum two\n"
	policy, err := proof.ParsePolicy([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	l := openWitnessed(t, dir, text, nil)
	fill(t, l, 10)
	await(t, "ten entries cosigned", func() bool { return witnessedSize(l) == 10 })
	checkCosigned(t, l, policy, 3, 10)

	c.stop()
	fill(t, l, 300)
	await(t, "two of three are a quorum", func() bool { return witnessedSize(l) == 300 })

	b.stop() // one of three is none: sealing goes on, the state says so
	fill(t, l, 310)
	await(t, "trouble of b", func() bool {
		w, _ := l.Witnessing()
		return w.Size == 300 && w.Witnesses[1].Trouble != "" && !w.Witnesses[1].Alarm
	})
	if l.Sealed() != 310 {
		t.Fatalf("sealed %d", l.Sealed())
	}
	_, _, _, checkpoint, err := l.Prove(t.Context(), 305)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := policy.Open(checkpoint); err == nil {
		t.Fatal("entry 305 is under a quorum")
	}
	b.start() // without a new entry
	await(t, "the waiting checkpoint is cosigned", func() bool { return witnessedSize(l) == 310 })
	checkCosigned(t, l, policy, 305, 310)
	if n := verified(t, l); n != 310 {
		t.Fatalf("%d entries verify", n)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = openWitnessed(t, dir, text, nil)
	if witnessedSize(l) != 310 {
		t.Fatalf("reopened: %d", witnessedSize(l))
	}
	if err := ledger.VerifyOffline(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
}

// checkCosigned proves an entry and opens its checkpoint under the policy.
func checkCosigned(t *testing.T, l *ledger.Log, policy *proof.Policy, seq uint64, size int64) {
	t.Helper()
	m, index, path, checkpoint, err := l.Prove(t.Context(), seq)
	if err != nil {
		t.Fatal(err)
	}
	head, err := policy.Open(checkpoint)
	if err != nil || head.Size != size {
		t.Fatalf("checkpoint of %d, %v", head.Size, err)
	}
	if err := proof.VerifyPath(m.LogHash(), index, head.Size, path, head.Root); err != nil {
		t.Fatal(err)
	}
}

// TestSlowWitness has a witness that never answers: the others make the quorum.
func TestSlowWitness(t *testing.T) {
	dir := t.TempDir()
	key := newKey(t, dir)
	a, b := newOffice(t, "a", key), newOffice(t, "b", key)
	listener, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	silent := newOffice(t, "silent", key)
	text := a.line() + b.line() + strings.Replace(silent.line(), silent.addr, listener.Addr().String(), 1) +
		"group two 2 a b silent\nquorum two\n"
	l := openWitnessed(t, dir, text, nil)
	for n := uint64(10); n <= 50; n += 10 {
		fill(t, l, n)
		await(t, "quorum without the silent one", func() bool { return witnessedSize(l) == int64(n) })
	}
}

// TestFork runs two logs from one folder and key: both witnesses refuse the
// second history with its first checkpoint, and everyone says so.
func TestFork(t *testing.T) {
	dir := t.TempDir()
	key := newKey(t, dir)
	a, b := newOffice(t, "a", key), newOffice(t, "b", key)
	text := "log " + key + "\n" + a.line() + b.line() + "group both all a b\nquorum both\n"
	l := openWitnessed(t, dir, text, nil)
	fill(t, l, 10)
	await(t, "ten entries cosigned", func() bool { return witnessedSize(l) == 10 })
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	other := copyDir(t, dir)
	backup := copyDir(t, dir)
	l = openWitnessed(t, dir, text, nil)
	fill(t, l, 20)
	await(t, "twenty entries cosigned", func() bool { return witnessedSize(l) == 20 })

	var said lockedBuffer
	forked := openWitnessed(t, other, text, slog.New(slog.NewTextHandler(&said, nil)))
	for seq := forked.Next(); seq <= 25; seq++ {
		m := manifest(seq)
		m.Bytes++ // another entry 11 than the one that was cosigned
		if err := forked.Append(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	await(t, "both witnesses refuse the fork", func() bool { return refused(forked) == 2 })
	t.Logf("a second history was refused by both %v after it began", time.Since(began).Round(time.Millisecond))
	for _, o := range []*office{a, b} {
		await(t, "alarm of "+o.name, func() bool { return o.w.Alarms() == 1 })
		if !strings.Contains(o.log.String(), "ALARM") {
			t.Errorf("%s logs no alarm: %s", o.name, o.log.String())
		}
		files, err := filepath.Glob(filepath.Join(o.dir, "alarms", "inconsistent-25-*.txt"))
		if err != nil || len(files) != 1 {
			t.Errorf("%s: alarm files %v, %v", o.name, files, err)
		}
	}
	if !strings.Contains(said.String(), "ALARM: a witness contradicts this ledger") {
		t.Errorf("the ledger says %s", said.String())
	}
	if witnessedSize(forked) != 10 {
		t.Errorf("the fork has %d entries under a quorum", witnessedSize(forked))
	}
	rolledBack(t, backup, text)
	fill(t, l, 30) // the honest one goes on
	await(t, "thirty entries cosigned", func() bool { return witnessedSize(l) == 30 })
}

// rolledBack opens an old copy: its first checkpoint is smaller than what the
// witnesses have cosigned.
func rolledBack(t *testing.T, dir, text string) {
	t.Helper()
	began := time.Now()
	l := openWitnessed(t, dir, text, nil)
	fill(t, l, 12)
	await(t, "both witnesses say that the ledger is older", func() bool { return refused(l) == 2 })
	t.Logf("an old copy was refused by both %v after it was opened", time.Since(began).Round(time.Millisecond))
	w, _ := l.Witnessing()
	if want := "it cosigned 20 entries, the ledger has 12"; !strings.Contains(w.Witnesses[0].Trouble, want) {
		t.Errorf("trouble %q, want %q", w.Witnesses[0].Trouble, want)
	}
}

func refused(l *ledger.Log) (n int) {
	w, _ := l.Witnessing()
	for _, s := range w.Witnesses {
		if s.Alarm {
			n++
		}
	}
	return n
}

// TestWitnessedAhead rolls the log back but leaves the cosigned checkpoint: the
// ledger does not start.
func TestWitnessedAhead(t *testing.T) {
	dir := t.TempDir()
	key := newKey(t, dir)
	a := newOffice(t, "a", key)
	text := a.line() + "quorum a\n"
	l := openWitnessed(t, dir, text, nil)
	fill(t, l, 5)
	await(t, "five entries cosigned", func() bool { return witnessedSize(l) == 5 })
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	old := copyDir(t, dir)
	l = openWitnessed(t, dir, text, nil)
	fill(t, l, 9)
	await(t, "nine entries cosigned", func() bool { return witnessedSize(l) == 9 })
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	newer, err := os.ReadFile(filepath.Join(dir, "log", "checkpoint.witnessed"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(old, "log", "checkpoint.witnessed"), newer, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Open(t.Context(), ledger.Config{Dir: old}); err == nil {
		t.Fatal("a ledger behind its own cosigned checkpoint opens")
	}
}

func TestWitnessPolicyRefused(t *testing.T) {
	dir := t.TempDir()
	key := newKey(t, dir)
	a := newOffice(t, "a", newKey(t, t.TempDir()))
	other := "log " + a.logKey + "\n"
	for name, text := range map[string]string{
		"another log's": other + a.line() + "quorum a\n",
		"no URL":        "log " + key + "\nwitness a " + a.w.Key() + "\nquorum a\n",
		"a file's URL":  "witness a " + a.w.Key() + " file:///etc\nquorum a\n",
	} {
		p, err := proof.ParsePolicy([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ledger.Open(t.Context(), ledger.Config{Dir: dir, Witnesses: p}); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}
