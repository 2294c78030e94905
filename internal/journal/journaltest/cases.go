package journaltest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
)

func testAppendGet(t *testing.T, d Driver) {
	j := open(t, d, t.TempDir(), 1)
	wantBounds(t, j, 1, 0)
	for i := uint64(1); i <= 20; i++ {
		mustAppend(t, j, Entry(i, int(i), 100), i)
	}
	for i := uint64(1); i <= 20; i++ {
		e, err := j.Get(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		Same(t, e, Entry(i, int(i), 100))
		if e.Seq != i {
			t.Fatalf("Get(%d).Seq = %d", i, e.Seq)
		}
	}
	for _, seq := range []uint64{0, 21, 1 << 40} {
		if _, err := j.Get(t.Context(), seq); !errors.Is(err, d.NotFound) {
			t.Errorf("Get(%d) = %v, want not found", seq, err)
		}
	}
	wantBounds(t, j, 1, 20)
}

func testFirstSeq(t *testing.T, d Driver) {
	j := open(t, d, t.TempDir(), 1000)
	wantBounds(t, j, 1000, 999)
	mustAppend(t, j, Entry(1, 1, 10), 1000)
	mustAppend(t, j, Entry(2, 1, 10), 1001)
	wantBounds(t, j, 1000, 1001)
}

func testReadFollows(t *testing.T, d Driver) {
	j := open(t, d, t.TempDir(), 1)
	for i := uint64(1); i <= 5; i++ {
		mustAppend(t, j, Entry(i, 1, 10), i)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	go func() {
		for i := uint64(6); i <= 10; i++ {
			if _, err := j.Append(ctx, Entry(i, 1, 10)); err != nil {
				return
			}
		}
	}()
	next := uint64(3)
	for e, err := range j.Read(ctx, 3) {
		if err != nil {
			t.Fatal(err)
		}
		Same(t, e, Entry(next, 1, 10))
		if next++; next > 10 {
			cancel() // Read has to end by itself
		}
	}
	if next != 11 {
		t.Fatalf("Read ended before entry %d", next)
	}
}

func testPurge(t *testing.T, d Driver) {
	j := open(t, d, t.TempDir(), 1)
	for i := uint64(1); i <= 10; i++ {
		mustAppend(t, j, Entry(i, 1, 10), i)
	}
	if err := j.Purge(t.Context(), 4); err != nil {
		t.Fatal(err)
	}
	wantBounds(t, j, 5, 10)
	if err := j.Purge(t.Context(), 2); err != nil {
		t.Fatal("purging what is gone:", err)
	}
	if _, err := j.Get(t.Context(), 4); !errors.Is(err, d.NotFound) {
		t.Errorf("Get of a purged entry = %v, want not found", err)
	}
	for _, err := range j.Read(t.Context(), 4) {
		if !errors.Is(err, d.NotFound) {
			t.Errorf("Read from a purged entry = %v, want not found", err)
		}
	}
	for e, err := range j.Read(t.Context(), 0) {
		if err != nil || e.Seq != 5 {
			t.Fatalf("Read(0) = %v, %v, want entry 5", e, err)
		}
		break
	}
}

func testPurgeAll(t *testing.T, d Driver) {
	dir := t.TempDir()
	j := open(t, d, dir, 1)
	for i := uint64(1); i <= 3; i++ {
		mustAppend(t, j, Entry(i, 1, 10), i)
	}
	if err := j.Purge(t.Context(), 99); err != nil {
		t.Fatal(err)
	}
	wantBounds(t, j, 4, 3)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = open(t, d, dir, 1)
	wantBounds(t, j, 4, 3)
	mustAppend(t, j, Entry(4, 1, 10), 4)
}

func testConcurrent(t *testing.T, d Driver) {
	const writers, each = 8, 10
	j := open(t, d, t.TempDir(), 1)
	var mu sync.Mutex
	var seqs []uint64
	byseq := map[uint64]*event.Entry{}
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range each {
				e := Entry(uint64(w*1000+i), 3, 50)
				seq, err := j.Append(t.Context(), e)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				seqs, byseq[seq] = append(seqs, seq), e
				mu.Unlock()
			}
		})
	}
	group.Wait()
	slices.Sort(seqs)
	for i, seq := range seqs {
		if seq != uint64(i+1) {
			t.Fatalf("sequences are not contiguous: %v", seqs)
		}
		e, err := j.Get(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		Same(t, e, byseq[seq])
	}
}

func testSizes(t *testing.T, d Driver) {
	j := open(t, d, t.TempDir(), 1)
	sizes := []struct{ n, size int }{{1, 0}, {event.MaxEntryRecords, 0}, {1, event.MaxRecordBytes}, {2, 1}}
	for i, s := range sizes {
		mustAppend(t, j, Entry(uint64(i), s.n, s.size), uint64(i+1))
	}
	for i, s := range sizes {
		e, err := j.Get(t.Context(), uint64(i+1))
		if err != nil {
			t.Fatal(err)
		}
		Same(t, e, Entry(uint64(i), s.n, s.size))
	}
	if _, err := j.Append(t.Context(), &event.Entry{}); err == nil {
		t.Error("an entry without records was appended")
	}
	if _, err := j.Append(t.Context(), Entry(9, 2, event.MaxRecordBytes)); err == nil {
		t.Error("an entry above the limit was appended")
	}
	mustAppend(t, j, Entry(5, 1, 1), uint64(len(sizes)+1))
}

func testClosed(t *testing.T, d Driver) {
	j := open(t, d, t.TempDir(), 1)
	mustAppend(t, j, Entry(1, 1, 1), 1)
	if err := errors.Join(j.Close(), j.Close()); err != nil {
		t.Fatal("closing twice:", err)
	}
	if _, err := j.Append(t.Context(), Entry(1, 1, 1)); err == nil {
		t.Error("Append works after Close")
	}
	if _, err := j.Get(t.Context(), 1); err == nil {
		t.Error("Get works after Close")
	}
	n := 0
	for _, err := range j.Read(t.Context(), 1) {
		if n++; err == nil {
			t.Error("Read works after Close")
		}
	}
	if n != 1 {
		t.Errorf("Read after Close yields %d times, want one error", n)
	}
}

func testCancelled(t *testing.T, d Driver) {
	j := open(t, d, t.TempDir(), 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := j.Append(ctx, Entry(1, 1, 1)); err == nil {
		t.Error("Append acknowledges under a cancelled context")
	}
	_, last, err := j.Bounds(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	mustAppend(t, j, Entry(2, 1, 1), last+1)
}

func testReopen(t *testing.T, d Driver) {
	dir := t.TempDir()
	for round := range uint64(3) {
		j := open(t, d, dir, 1)
		for i := range uint64(5) {
			mustAppend(t, j, Entry(round*5+i+1, 2, 1000), round*5+i+1)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	j := open(t, d, dir, 1)
	wantBounds(t, j, 1, 15)
	for i := uint64(1); i <= 15; i++ {
		e, err := j.Get(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		Same(t, e, Entry(i, 2, 1000))
	}
}
