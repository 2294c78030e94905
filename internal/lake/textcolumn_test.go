package lake

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
)

// TestTextColumn compares a text column with a plain slice: few values and many,
// more distinct text than a dictionary takes, rows without a value, values set
// twice, the same column in several row groups.
func TestTextColumn(t *testing.T) {
	dir := t.TempDir()
	cols := columns()
	ids := map[string]int{}
	for i, c := range cols {
		ids[c.name] = i + 1
	}
	name := event.Dictionary()[event.AttrProcessCmdLine].Path
	rapid.Check(t, func(t *rapid.T) {
		path := filepath.Join(dir, "columns.parquet")
		w, err := newColumnWriter(path, arrowSchema(cols, ids), cols)
		check(t, err)
		var want [][]string
		var spelled, kept bool
		for range rapid.IntRange(1, 3).Draw(t, "groups") {
			group := drawGroup(t, w)
			spelled = spelled || w.text[event.AttrProcessCmdLine].plain
			kept = kept || !w.text[event.AttrProcessCmdLine].plain
			check(t, w.flush())
			want = append(want, group)
		}
		sealed, err := w.finish()
		check(t, err)
		if got := readColumn(t, sealed.path, name); !cmp.Equal(got, want) {
			t.Fatalf("column differs (value by value %v, dictionary %v): %s", spelled, kept,
				cmp.Diff(want, got))
		}
	})
}

// drawGroup appends a row group and returns the texts that must come back.
func drawGroup(t *rapid.T, w *columnWriter) (want []string) {
	rows := rapid.IntRange(1, 3000).Draw(t, "rows")
	distinct := rapid.SampledFrom([]int{1, 2, 50, 1 << 20}).Draw(t, "distinct")
	size := rapid.SampledFrom([]int{0, 10, 900}).Draw(t, "size")
	every := rapid.IntRange(1, 5).Draw(t, "every")
	seed := rapid.IntRange(0, 1<<20).Draw(t, "seed")
	for row := range rows {
		ev := event.Event{Time: time.Unix(int64(row), 0)}
		text := ""
		if (row*7+seed)%every == 0 {
			text = fmt.Sprintf("%0*d", size+1, (row*31+seed)%distinct)
			if seed%3 == 0 && row%11 == 0 {
				text += "\xff\xfe" // becomes one U+FFFD
			}
			ev.Attrs = append(ev.Attrs,
				event.AttrValue{Attr: event.AttrProcessCmdLine, Text: text},
				event.AttrValue{Attr: event.AttrProcessCmdLine, Text: "second"})
		}
		w.add(&ev)
		want = append(want, Text(text))
	}
	return want
}

func readColumn(t *rapid.T, path, name string) (got [][]string) {
	r, err := openReader(path, 0, 0)
	check(t, err)
	s := &Scan{r: r}
	defer s.Close()
	for g := range s.Groups() {
		group, err := s.Rows(g)
		check(t, err)
		texts, err := s.Load(g, group, name)
		check(t, err)
		var rows []string
		for _, place := range texts.Index {
			rows = append(rows, texts.Values[place])
		}
		got = append(got, rows)
	}
	return got
}

func check(t *rapid.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestDistinct: numbers are given in the order in which texts come, the same
// text always has the same, and at gives it back.
func TestDistinct(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d distinct
		for range rapid.IntRange(1, 3).Draw(t, "uses") {
			numbers := map[string]uint32{}
			for range rapid.IntRange(0, 300).Draw(t, "texts") {
				s := rapid.StringN(0, 3, 8).Draw(t, "text")
				want, ok := numbers[s]
				if !ok {
					want = uint32(len(numbers))
					numbers[s] = want
				}
				if got := d.number(s); got != want || string(d.texts.at(got)) != s {
					t.Fatalf("%q has number %d (%q), want %d", s, got, d.texts.at(got), want)
				}
			}
			d.reset()
		}
	})
}
