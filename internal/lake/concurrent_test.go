package lake_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/lake/laketest"
)

// TestReadersMeanwhile reads from several goroutines while one appends: what a
// snapshot names is complete and stays.
func TestReadersMeanwhile(t *testing.T) {
	const last, records = 60, 20
	l := must(lake.Open(t.Context(), lake.Config{Dir: t.TempDir(), SealEvents: 100}))(t)
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for ctx.Err() == nil {
				if err := readSnapshot(t, l, records); err != nil && !errors.Is(err, lake.ErrNotFound) {
					t.Error(err)
					return
				}
			}
		})
	}
	for seq := uint64(1); seq <= last; seq++ {
		e, evs := laketest.Made(seq, records)
		check(t, l.Append(t.Context(), e, evs))
	}
	check(t, l.Seal(t.Context()))
	cancel()
	readers.Wait()
	if l.Watermark() != last {
		t.Fatalf("watermark is %d, want %d", l.Watermark(), last)
	}
}

func readSnapshot(t *testing.T, l *lake.Table, records int) error {
	s, err := l.Snapshot(t.Context(), time.Time{}, time.Time{})
	if err != nil {
		return err
	}
	var rows int64
	for _, f := range s.Files {
		err := l.Rows(t.Context(), f, func(_ *lake.Row, err error) error { rows++; return err })
		if err != nil {
			return err
		}
	}
	if rows != s.Events || s.Events != int64(s.Through)*int64(records) {
		return errors.New("snapshot names other rows than it has")
	}
	_, err = l.Original(t.Context(), event.ID{Entry: s.Through, Leaf: 1})
	return err
}
