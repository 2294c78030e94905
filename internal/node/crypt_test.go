package node_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/retention"
	"github.com/evident-sec/evident/internal/search"
)

// inClear lists the files below dir that hold the text in any case.
func inClear(t *testing.T, dir, text string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(bytes.ToLower(b), []byte(strings.ToLower(text))) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// signIns are n logons by a person, with a text that no column takes.
func signIns(person, aside string, n int) []byte {
	var out bytes.Buffer
	for i := range n {
		fmt.Fprintf(&out, `{"Channel":"Security","EventID":4624,"Hostname":"ws1","RecordNumber":%d,`+
			`"TargetUserName":%q,"TargetUserSid":"S-1-5-21-%s","SubjectUserName":%q,"Aside":%q}`+"\n",
			i+1, person, person, person, aside)
	}
	return out.Bytes()
}

func ask(t *testing.T, n *node.Node, query string) []search.Row {
	t.Helper()
	q, err := search.Parse(query)
	if err != nil {
		t.Fatal(err)
	}
	res, err := n.Engine().Search(t.Context(), search.Request{Query: q, Raw: true, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	return res.Rows
}

// settled waits until all is sealed, and gone from the journal.
func settled(t *testing.T, n *node.Node) {
	t.Helper()
	if err := n.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func verified(t *testing.T, n *node.Node) *node.Verification {
	t.Helper()
	v, err := n.Verify(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !v.OK {
		t.Errorf("verification: %v", v.Failures)
	}
	return v
}

// TestOriginalsEncrypted: what no column holds is nowhere on the disk in clear
// once it is sealed, and is found, shown and verified all the same.
func TestOriginalsEncrypted(t *testing.T) {
	const aside = "planted-9c2b7e41-marker"
	dir := t.TempDir()
	n, err := node.Open(t.Context(), node.Config{Dir: dir, Command: "test", SealAfter: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	ingest(t, n, signIns("carol", aside, 50))
	settled(t, n)
	for _, query := range []string{aside, "user.name:carol", "raw_data:*9c2b7e41*"} {
		rows := ask(t, n, query)
		if len(rows) != 50 {
			t.Errorf("%s: %d rows, want 50", query, len(rows))
		}
		for _, r := range rows {
			if !bytes.Contains(r.Raw, []byte(aside)) {
				t.Fatalf("%s: row %s has %d original bytes", query, r.ID, len(r.Raw))
			}
		}
	}
	verified(t, n)
	keys, err := n.Keys()
	if err != nil || len(keys) == 0 {
		t.Errorf("keys %v, %v", keys, err)
	}
	shut(t, n)
	if found := inClear(t, dir, aside); len(found) > 0 {
		t.Errorf("in clear in %v", found)
	}

	if err := os.Remove(filepath.Join(dir, "keys", "master.json")); err != nil {
		t.Fatal(err)
	}
	n, err = node.Open(t.Context(), node.Config{Dir: dir, Command: "test", Frozen: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	if _, err := n.Keys(); err == nil || !strings.Contains(err.Error(), "master.json is missing") {
		t.Errorf("without the master key: %v", err)
	}
	q, err := search.Parse("user.name:carol")
	if err != nil {
		t.Fatal(err)
	}
	res, err := n.Engine().Search(t.Context(), search.Request{Query: q, Limit: 100})
	if err != nil || len(res.Rows) != 50 {
		t.Errorf("columns without the master key: %v", err)
	}
	_, err = n.Engine().Search(t.Context(), search.Request{Query: q, Raw: true})
	if err == nil || !strings.Contains(err.Error(), "master key") {
		t.Errorf("originals without the master key: %v", err)
	}
	v, err := n.Verify(t.Context(), nil)
	if err != nil || v.OK {
		t.Errorf("verification without the master key: %v", err)
	}
}

// pseudonyms is a masker that casework will bring in earnest.
type pseudonyms struct {
	version string
	broken  atomic.Bool
}

func (p *pseudonyms) Version() string { return p.version }

func (p *pseudonyms) Mask(a event.Attr, text string) (string, error) {
	if p.broken.Load() {
		return "", errors.New("the vault does not answer")
	}
	return fmt.Sprintf("u_%x", sha256.Sum256([]byte(p.version+text)))[:18], nil
}

// TestMasker: with a masker no column, index, statistic or hot row holds who
// acted, and verification still derives the columns.
func TestMasker(t *testing.T) {
	const person = "dorothea-4471"
	dir := t.TempDir()
	mask := &pseudonyms{version: "test-1"}
	start := func(m *pseudonyms) *node.Node {
		cfg := node.Config{Dir: dir, Command: "test", NoDetect: true, SealAfter: time.Hour}
		if m != nil {
			cfg.Masker = m
		}
		n, err := node.Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { n.Close() })
		return n
	}
	n := start(mask)
	token, err := mask.Mask(event.AttrUser, person)
	if err != nil {
		t.Fatal(err)
	}
	shown := func(when string, n *node.Node, want int) {
		t.Helper()
		if rows := ask(t, n, "user.name:"+person); len(rows) != 0 {
			t.Errorf("%s: %d rows name the person", when, len(rows))
		}
		rows := ask(t, n, "user.name:"+token)
		if len(rows) != want {
			t.Errorf("%s: %d rows under the pseudonym, want %d", when, len(rows), want)
		}
		for _, r := range rows {
			for _, a := range r.Attrs {
				if strings.Contains(a.Text, person) {
					t.Fatalf("%s: %s holds %q", when, a.Attr, a.Text)
				}
			}
		}
	}
	ingest(t, n, signIns(person, "x", 20))
	for until := time.Now().Add(time.Minute); len(ask(t, n, "user.name:"+token)) < 20 && time.Now().Before(until); {
		time.Sleep(20 * time.Millisecond)
	}
	shown("hot", n, 20)
	settled(t, n)
	shown("sealed", n, 20)
	if v := verified(t, n); v.Underived != 0 {
		t.Errorf("%d rows were not derived", v.Underived)
	}
	shut(t, n)
	if found := inClear(t, dir, person); len(found) > 0 {
		t.Errorf("the person is in %v", found)
	}

	// Another masker: what the first one made is not compared with what it gives.
	n = start(&pseudonyms{version: "test-2"})
	settled(t, n)
	if v := verified(t, n); v.Underived < 20 {
		t.Errorf("%d rows were not derived, want those of the first masker", v.Underived)
	}
	shut(t, n)

	// One that does not answer: nothing passes, nothing is lost.
	n = start(mask)
	settled(t, n)
	mask.broken.Store(true)
	ingest(t, n, signIns(person, "y", 7))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := n.Settle(ctx); err == nil || !strings.Contains(err.Error(), "the vault does not answer") {
		t.Errorf("settle while the masker is broken: %v", err)
	}
	_ = n.Close() // it says the same again
	mask.broken.Store(false)
	n = start(mask)
	settled(t, n)
	shown("after the masker is back", n, 27)
}

// TestDestroyedDayKey destroys all records of a day but Evident's own: the key
// that copies of the files are under is gone, verification says "by right".
func TestDestroyedDayKey(t *testing.T) {
	dir := t.TempDir()
	n := open(t, node.Config{Dir: dir})
	o := newOffice(t, linuxNow)
	ingest(t, n, signIns("erin", "to be gone", 30))
	settled(t, n)
	copied := n.Lake().Files()[0]
	bytesBefore, err := os.ReadFile(copied.Originals)
	if err != nil {
		t.Fatal(err)
	}
	o.keep(n, retention.Document{Policy: &o.policy})
	grave, err := n.Disposal().Destroy(t.Context(), "uid-1", o.plan(n, 2), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := n.Keys()
	if err != nil || len(keys) != 2 || keys[0].Destroyed == nil || keys[1].Destroyed != nil ||
		!strings.Contains(keys[0].Destroyed.Reason, fmt.Sprintf("tombstone %d-0", grave.Entry)) {
		t.Errorf("keys %+v, %v", keys, err)
	}
	v := verified(t, n)
	if len(v.Destroyed) != 1 || v.Destroyed[0].Records != 30 {
		t.Errorf("destroyed: %+v", v.Destroyed)
	}
	if err := os.WriteFile(copied.Originals, bytesBefore, 0o600); err != nil {
		t.Fatal(err)
	}
	for e, err := range n.Lake().Entries(t.Context(), copied) {
		if err == nil || !strings.Contains(err.Error(), "was destroyed on") {
			t.Fatalf("a copy of the file gives %v, %v", e, err)
		}
	}
}
