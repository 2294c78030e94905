package state_test

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/internal/state"
)

// TestSavedSearches saves, replaces and deletes searches at random and wants
// what a plain map holds.
func TestSavedSearches(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	kept := map[string]state.SavedSearch{}
	names := []string{"a", "b", "c"}
	rapid.Check(t, func(r *rapid.T) {
		name := rapid.SampledFrom(names).Draw(r, "name")
		if rapid.Bool().Draw(r, "delete") {
			err := s.DeleteSearch(t.Context(), name)
			if _, ok := kept[name]; ok != (err == nil) || !ok && !errors.Is(err, state.ErrNotFound) {
				r.Fatalf("delete %s: %v", name, err)
			}
			delete(kept, name)
		} else {
			one := state.SavedSearch{
				Name: name, Query: rapid.String().Draw(r, "query"), Note: "n", By: "u",
				Saved: time.Unix(int64(rapid.IntRange(0, 1000).Draw(r, "time")), 0).UTC(),
			}
			if err := s.SaveSearch(t.Context(), one); err != nil {
				r.Fatal(err)
			}
			kept[name] = one
		}
		got, err := s.Searches(t.Context())
		var want []state.SavedSearch
		for _, name := range slices.Sorted(maps.Keys(kept)) {
			want = append(want, kept[name])
		}
		if err != nil || !slices.Equal(got, want) {
			r.Fatalf("got %v, %v, want %v", got, err, want)
		}
		one, err := s.Search(t.Context(), name)
		if want, ok := kept[name]; ok != (err == nil) || one != want {
			r.Fatalf("look up %s: %v, %v", name, one, err)
		}
	})
	s.Close()
}
