package journald_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"testing"

	"github.com/evident-sec/evident/internal/journald"
	"github.com/evident-sec/evident/internal/journald/journaltest"
)

var le = binary.LittleEndian

// fixture returns a journal that systemd wrote.
func fixture(tb testing.TB, name string) []byte {
	tb.Helper()
	file, err := journaltest.Journal(name)
	if err != nil {
		tb.Fatal(err)
	}
	return file
}

// keysIn reads a verification key; nil where there is none.
func keysIn(tb testing.TB, text []byte) []*journald.Key {
	tb.Helper()
	if len(text) == 0 {
		return nil
	}
	keys, err := journald.ParseKeys(text)
	if err != nil {
		tb.Fatal(err)
	}
	return keys
}

// result is all that reading a file gives.
type result struct {
	entries  [][]byte
	verdict  journald.Verdict
	problems []journald.Problem
}

// lines returns the problems as one text.
func (r *result) lines() string {
	var out bytes.Buffer
	for _, p := range r.problems {
		fmt.Fprintf(&out, "%s: %s", p.Where, p.Text)
		if p.Lost {
			out.WriteString(" (lost)")
		}
		out.WriteString("\n")
	}
	return out.String()
}

// fataler is what tests and properties have in common.
type fataler interface{ Fatal(args ...any) }

// read reads a whole journal, and checks its seals where keys are given.
func read(tb fataler, file []byte, keys ...*journald.Key) (out result) {
	r, err := journald.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		tb.Fatal(err)
	}
	for {
		raw, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			tb.Fatal(err)
		}
		out.entries = append(out.entries, bytes.Clone(raw))
	}
	r.Verify(keys)
	out.verdict, out.problems = r.Verdict(), r.Problems()
	return out
}

// journalctl returns the path of systemd's own reader, the oracle.
func journalctl(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("journalctl")
	if err != nil {
		t.Skip("journalctl is not installed: nothing to compare with")
	}
	return path
}

// objects returns the offsets of the objects of a kind, 0 for all.
func objects(file []byte, kind byte) (out []int) {
	at := int(le.Uint64(file[88:]))
	for at+16 <= len(file) && file[at] != 0 {
		if kind == 0 || file[at] == kind {
			out = append(out, at)
		}
		at += (int(le.Uint64(file[at+8:])) + 7) &^ 7
	}
	return out
}
