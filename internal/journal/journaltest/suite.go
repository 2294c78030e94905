package journaltest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"iter"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
)

// Journal is what the suite exercises.
type Journal interface {
	Append(ctx context.Context, e *event.Entry) (uint64, error)
	Get(ctx context.Context, seq uint64) (*event.Entry, error)
	Read(ctx context.Context, from uint64) iter.Seq2[*event.Entry, error]
	Bounds(ctx context.Context) (first, last uint64, err error)
	Purge(ctx context.Context, through uint64) error
	Close() error
}

// Driver opens journals for the suite.
type Driver struct {
	// Open opens the journal in dir; a new one starts at firstSeq.
	Open func(ctx context.Context, dir string, firstSeq uint64) (Journal, error)
	// NotFound is the driver's error for a sequence that is not held.
	NotFound error
}

// Run runs the suite.
func Run(t *testing.T, d Driver) {
	for name, test := range map[string]func(*testing.T, Driver){
		"append and get":          testAppendGet,
		"sequences from first":    testFirstSeq,
		"read follows":            testReadFollows,
		"purge":                   testPurge,
		"purge all and reopen":    testPurgeAll,
		"concurrent appends":      testConcurrent,
		"large and odd entries":   testSizes,
		"closed":                  testClosed,
		"cancelled context":       testCancelled,
		"reopen keeps everything": testReopen,
	} {
		t.Run(name, func(t *testing.T) { test(t, d) })
	}
}

// Entry returns an entry of n records of about size bytes each, with content
// derived from id alone.
func Entry(id uint64, n, size int) *event.Entry {
	var seed [32]byte
	binary.BigEndian.PutUint64(seed[:], id)
	rng := rand.NewChaCha8(seed)
	e := &event.Entry{
		Source:   "test:journal",
		Format:   event.FormatText,
		Received: time.Unix(0, int64(id)).UTC(),
		Records:  make([]event.Record, n),
	}
	for i := range e.Records {
		raw := make([]byte, size)
		_, _ = rng.Read(raw) // never fails
		r := event.Record{Raw: raw, Position: int64(i + 1)}
		_, _ = rng.Read(r.Salt[:])
		e.Records[i] = r
		e.Batch = e.Batch.Next(raw)
	}
	return e
}

// Same fails the test where the entries differ in content.
func Same(t testing.TB, got, want *event.Entry) {
	t.Helper()
	a, errA := got.MarshalBinary()
	b, errB := want.MarshalBinary()
	if err := errors.Join(errA, errB); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Fatalf("entry %d differs from the one appended", got.Seq)
	}
}

func open(t *testing.T, d Driver, dir string, firstSeq uint64) Journal {
	t.Helper()
	j, err := d.Open(t.Context(), dir, firstSeq)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

func mustAppend(t *testing.T, j Journal, e *event.Entry, want uint64) {
	t.Helper()
	seq, err := j.Append(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	if seq != want || e.Seq != want {
		t.Fatalf("Append = %d, entry.Seq %d, want %d", seq, e.Seq, want)
	}
}

func wantBounds(t *testing.T, j Journal, first, last uint64) {
	t.Helper()
	f, l, err := j.Bounds(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if f != first || l != last {
		t.Fatalf("Bounds = %d, %d, want %d, %d", f, l, first, last)
	}
}
