package sieve

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// TestNeverDenies: whatever was added may be there.
func TestNeverDenies(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		hashes := rapid.SliceOf(rapid.Uint64()).Draw(rt, "hashes")
		f := New(hashes)
		for _, h := range hashes {
			if !f.May(h) {
				rt.Fatalf("filter of %d hashes denies %x", len(hashes), h)
			}
		}
	})
}

// TestFalsePositives: of what was not added few pass, and nothing passes the
// filter of a column without values.
func TestFalsePositives(t *testing.T) {
	var hashes []uint64
	h := uint64(1)
	for range 50_000 {
		h = next(h)
		hashes = append(hashes, h)
	}
	f, passed := New(hashes), 0
	for range 100_000 {
		if h = next(h); f.May(h) {
			passed++
		}
		if New(nil).May(h) {
			t.Fatalf("an empty filter passes %x", h)
		}
	}
	if passed > 1000 {
		t.Errorf("%d of 100,000 pass that were not added", passed)
	}
}

// TestCacheKeepsWhatIsAskedFor compares the cache with a list in the order of
// use.
func TestCacheKeepsWhatIsAskedFor(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const room = 4
		c := NewCache(room * (entryBytes + 8))
		var used []Key // last used at the end
		touch := func(k Key) (known bool) {
			for i := range used {
				if used[i] == k {
					used = append(used[:i:i], used[i+1:]...)
					known = true
					break
				}
			}
			return known
		}
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			k := Key{fmt.Sprint(rapid.IntRange(0, 7).Draw(rt, "file")), "column"}
			_, got := c.Get(k)
			known := touch(k)
			if got != known {
				rt.Fatalf("get %v: %v, want %v after %v", k, got, known, used)
			}
			if known || rapid.Bool().Draw(rt, "put") {
				c.Put(k, New([]uint64{1}))
				used = append(used, k)
				used = used[max(0, len(used)-room):]
			}
		}
	})
	c := NewCache(100)
	if c.Put(Key{"a", "b"}, New(nil)); c.bytes != 0 {
		t.Error("a filter larger than the cache is kept")
	}
	if c.Again("x") || !c.Again("x") || c.Again("y") {
		t.Error("a column is asked for again from the second time on")
	}
}
