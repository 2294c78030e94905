package edgelake

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal/edge"
)

// TestEveryFieldIsStored: whoever adds a field to an edge's facts or to where a
// record comes from has to store it.
func TestEveryFieldIsStored(t *testing.T) {
	for _, c := range []struct {
		value any
		give  func(any) (same bool)
	}{
		{&edge.Facts{}, func(v any) bool {
			f, p := v.(*edge.Facts), newPacker()
			n := p.fact(f)
			b := p.block()
			got := newReading(b).fact(int64(n))
			return reflect.DeepEqual(got, f)
		}},
		{&edge.Origin{}, func(v any) bool {
			o, p := v.(*edge.Origin), newPacker()
			n := p.origin(o)
			got := p.block().origin(int(n))
			return got == *o
		}},
	} {
		kind := reflect.TypeOf(c.value).Elem()
		for i := range kind.NumField() {
			v := reflect.New(kind)
			switch f := v.Elem().Field(i); f.Kind() {
			case reflect.String:
				f.SetString("text")
			case reflect.Int64:
				f.SetInt(-7)
			case reflect.Uint32:
				f.SetUint(1007)
			case reflect.Bool:
				f.SetBool(true)
			default:
				t.Fatalf("%s.%s is of a kind that is not stored", kind, kind.Field(i).Name)
			}
			if !c.give(v.Interface()) {
				t.Errorf("%s.%s is not stored", kind, kind.Field(i).Name)
			}
		}
	}
	if n := len(factTexts); n > 24 {
		t.Errorf("%d texts of facts: the bits of a packed fact allow 24", n)
	}
	if len(originTexts) != colFacts-colOrigin || len(sheetColumns) != colFacts+len(factTexts) {
		t.Error("the columns of a file are not those of its rows")
	}
}

// TestAlteredFile: a file of any bytes gives a block or an error, never a panic.
func TestAlteredFile(t *testing.T) {
	p := newPacker()
	for i := range 200 {
		ev := event.Event{ID: event.ID{Entry: uint64(i + 1)}, Class: event.ClassProcess, Activity: 1}
		ev.Attrs.Set(event.AttrHost, "ws1")
		ev.Attrs.Set(event.AttrProcessPID, "7")
		ev.Attrs.Set(event.AttrProcessCmdLine, string(rune('a'+i%26)))
		r := RecordOf(&ev, nil)
		p.add(&r)
	}
	path := filepath.Join(t.TempDir(), "edges.parquet")
	if _, err := p.block().write(path); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		raw := append([]byte{}, whole...)
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			raw[rapid.IntRange(0, len(raw)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		}
		raw = raw[:rapid.IntRange(len(raw)/2, len(raw)).Draw(t, "length")]
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := readSheet(path)
		if err != nil {
			return
		}
		var r edge.Record
		for i := range b.records {
			newReading(b).of(i, &r)
		}
	})
}
