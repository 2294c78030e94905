package journal

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
)

// TestRecent: what is taken is what was put under that sequence, each entry at
// most once, nothing before what a reader has come to; without a reader nothing
// is held.
func TestRecent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r recent
		put := map[uint64][]byte{}
		t.Repeat(map[string]func(*rapid.T){
			"join": func(t *rapid.T) { r.join(rapid.Uint64Range(1, 40).Draw(t, "from")) },
			"leave": func(t *rapid.T) {
				if r.readers == 0 {
					t.Skip("no reader")
				}
				r.leave()
			},
			"put": func(t *rapid.T) {
				seq := rapid.Uint64Range(1, 60).Draw(t, "seq")
				raw := make([]byte, rapid.SampledFrom([]int{1, 9 << 20, 40 << 20}).Draw(t, "size"))
				raw[0] = byte(seq)
				e := &event.Entry{Records: []event.Record{{Raw: raw}}}
				if put[seq] == nil { // a sequence is given out once
					r.put(seq, e)
					put[seq] = raw
				}
				e.Records[0] = event.Record{} // the caller's own
			},
			"take": func(t *rapid.T) {
				seq := rapid.Uint64Range(1, 60).Draw(t, "seq")
				e := r.take(seq)
				if e == nil {
					return
				}
				if e.Seq != seq || !bytes.Equal(e.Records[0].Raw, put[seq]) {
					t.Fatalf("take(%d) gave entry %d", seq, e.Seq)
				}
				if r.take(seq) != nil {
					t.Fatalf("entry %d came twice", seq)
				}
			},
			"": func(t *rapid.T) {
				sum := 0
				for _, e := range r.held {
					sum += e.Bytes()
				}
				if sum != r.bytes || sum > 2*recentBytes || r.readers == 0 && len(r.held) > 0 {
					t.Fatalf("%d readers, %d entries of %d bytes, counted %d",
						r.readers, len(r.held), sum, r.bytes)
				}
			},
		})
	})
}

// TestRecentRoom: who appends waits for a reader that is behind, and goes on when
// it reads, when it ends, when the journal closes.
func TestRecentRoom(t *testing.T) {
	var r *recent
	big := &event.Entry{Records: []event.Record{{Raw: make([]byte, recentBytes)}}}
	for name, end := range map[string]func(context.CancelFunc, chan struct{}) error{
		"read":  func(context.CancelFunc, chan struct{}) error { r.take(1); return nil },
		"leave": func(context.CancelFunc, chan struct{}) error { r.leave(); return nil },
		"close": func(_ context.CancelFunc, done chan struct{}) error { close(done); return ErrClosed },
		"cancel": func(cancel context.CancelFunc, _ chan struct{}) error {
			cancel()
			return context.Canceled
		},
	} {
		r = &recent{}
		r.join(1)
		r.put(1, big)
		ctx, cancel := context.WithCancel(t.Context())
		done, waited := make(chan struct{}), make(chan error, 1)
		go func() { waited <- r.room(ctx, done) }()
		select {
		case err := <-waited:
			t.Fatalf("%s: did not wait: %v", name, err)
		case <-time.After(20 * time.Millisecond):
		}
		want := end(cancel, done)
		if err := <-waited; !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
		cancel()
	}
}
