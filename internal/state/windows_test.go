package state_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/internal/state"
)

// drawWindow makes a row, or what removes some.
func drawWindow(t *rapid.T) state.WindowRow {
	w := state.WindowRow{
		Correlation: rapid.SampledFrom([]string{"a/1", "a/2", "' --"}).Draw(t, "correlation"),
		Group:       []byte{byte(rapid.IntRange(0, 2).Draw(t, "group"))},
		Part:        int64(rapid.IntRange(0, 2).Draw(t, "part")),
	}
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0:
		w.Group, w.Part = nil, -1
	case 1:
		w.Part = -1
	case 2:
	default:
		w.Body = rapid.SliceOfN(rapid.Byte(), 1, 4).Draw(t, "body")
	}
	return w
}

// TestWindows compares the stored rows with a plain map, over changes and
// reopenings.
func TestWindows(t *testing.T) {
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		path := filepath.Join(dir, fmt.Sprint(n))
		s := open(t, path)
		model := map[string]string{}
		for seq := range uint64(rapid.IntRange(1, 5).Draw(t, "changes")) {
			rows := rapid.SliceOfN(rapid.Custom(drawWindow), 0, 12).Draw(t, "rows")
			if err := s.Apply(t.Context(), state.Change{Through: seq + 1, Windows: rows}); err != nil {
				t.Fatal(err)
			}
			for _, w := range rows {
				name := fmt.Sprintf("%s|%x|%d", w.Correlation, w.Group, w.Part)
				if w.Body != nil {
					model[name] = string(w.Body)
					continue
				}
				maps.DeleteFunc(model, func(k, _ string) bool {
					return k == name || w.Group == nil && k[:len(w.Correlation)+1] == w.Correlation+"|" ||
						w.Part < 0 && k[:len(name)-2] == name[:len(name)-2]
				})
			}
			if rapid.Bool().Draw(t, "reopen") {
				s.Close()
				s = open(t, path)
			}
		}
		got := map[string]string{}
		for w, err := range s.Windows(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			got[fmt.Sprintf("%s|%x|%d", w.Correlation, w.Group, w.Part)] = string(w.Body)
		}
		s.Close()
		if !maps.Equal(got, model) {
			t.Fatalf("rows %q, want %q", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(model)))
		}
	})
}
