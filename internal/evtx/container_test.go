package evtx

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"reflect"
	"testing"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/evtx/evtxtest"
)

var update = flag.Bool("update", false, "rewrite docs/formats/vectors")

const vectorFile = "../../docs/formats/vectors/evtx-record.json"

// vector is one record of a file, as docs/formats/evtx-record.md describes it.
type vector struct {
	Offset    int              `json:"offset"`
	Record    string           `json:"record_hex"`
	Fragments []fragmentVector `json:"fragments"`
	Encoded   string           `json:"encoded_hex"`
	Fields    []fieldVector    `json:"fields"`
}

type fragmentVector struct {
	Offset int    `json:"offset"`
	Bytes  string `json:"bytes_hex"`
}

type fieldVector struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// vectorsOf reads a file with two records: the second one needs the template
// and a name that the first one holds.
func vectorsOf(t *testing.T) (out []vector) {
	records, _ := readAll(t, write(t, small("one"), small("two")))
	for _, rec := range records {
		c, err := openContainer(rec.raw)
		if err != nil {
			t.Fatal(err)
		}
		fragments, err := parseFragments(c.shared, nil)
		if err != nil {
			t.Fatal(err)
		}
		v := vector{
			Offset: c.offset, Record: hex.EncodeToString(c.record), Fragments: []fragmentVector{},
			Encoded: hex.EncodeToString(rec.raw),
		}
		for _, f := range fragments {
			v.Fragments = append(v.Fragments, fragmentVector{f.offset, hex.EncodeToString(f.data)})
		}
		fields, err := NewDecoder(nil).Fields(rec.raw, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fields {
			v.Fields = append(v.Fields, fieldVector{f.Name, f.Value.Text})
		}
		out = append(out, v)
	}
	return out
}

// small is an event with one value and a name outside its template.
func small(text string) func(*evtxtest.XML) {
	return func(w *evtxtest.XML) {
		w.Fragment()
		w.Template("small", func(w *evtxtest.XML) { w.Leaf("E", nil, evtxtest.Sub(0, 1)) },
			evtxtest.Document(func(w *evtxtest.XML) { w.Leaf("Text", nil, evtxtest.Text(text)) }))
		w.End()
	}
}

func TestVectors(t *testing.T) {
	got := vectorsOf(t)
	if *update {
		data, err := json.MarshalIndent(map[string]any{"records": got}, "", "  ")
		if err == nil {
			err = os.WriteFile(vectorFile, append(data, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	var want struct{ Records []vector }
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want.Records) {
		t.Errorf("records are cut out as\n%+v\nwant\n%+v", got, want.Records)
	}
}

// TestContainerHoldsTheRecord compares what is kept with the file, byte for
// byte: the record, and every fragment at its place in the chunk.
func TestContainerHoldsTheRecord(t *testing.T) {
	var f evtxtest.File
	logons(t, &f, 1, 400)
	file := f.Bytes()
	r, err := NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for {
		c, err := r.Next()
		if err != nil {
			break
		}
		chunk := file[c.Offset():][:ChunkBytes]
		for _, rec := range c.Records() {
			raw := c.AppendRaw(nil, rec)
			record, err := RecordBytes(raw)
			if err != nil || !bytes.Equal(record, chunk[rec.Offset:][:rec.Size]) {
				t.Fatalf("record %d is not what the file holds: %v", rec.Number, err)
			}
			box, _ := openContainer(raw)
			fragments, err := parseFragments(box.shared, nil)
			if err != nil || len(fragments) == 0 && rec.Offset != firstRecord {
				t.Fatalf("record %d: %d fragments, %v", rec.Number, len(fragments), err)
			}
			for _, fr := range fragments {
				if !bytes.Equal(fr.data, chunk[fr.offset:fr.end()]) {
					t.Fatalf("record %d: fragment at %d is not what the file holds", rec.Number, fr.offset)
				}
			}
			seen++
		}
	}
	if seen != 400 {
		t.Errorf("%d records, want 400", seen)
	}
}

// TestContainerRefusals gives containers that are not as the format says.
func TestContainerRefusals(t *testing.T) {
	records, _ := readAll(t, write(t, small("one"), small("two")))
	good := records[1].raw
	size := records[1].Size
	change := func(at int, b ...byte) []byte {
		out := bytes.Clone(good)
		copy(out[at:], b)
		return out
	}
	tail := size + len(containerMagic) + 2 // the number of fragments
	for name, raw := range map[string][]byte{
		"nothing":            nil,
		"another magic":      change(0, '*', 0, '*', 0),
		"size beyond":        change(4, 0xff, 0xff, 0, 0),
		"size of four GiB":   change(4, 0xff, 0xff, 0xff, 0xff),
		"size too small":     change(4, 8, 0, 0, 0),
		"no container":       good[:size],
		"another version":    change(size+3, 9),
		"offset beyond":      change(size+4, 0xff, 0xff, 0x7f),
		"too many fragments": change(tail, 0x7f),
		"too few fragments":  change(tail, 0),
		"fragment beyond":    change(tail+1, 0xff, 0xff, 0x3),
		"cut":                good[:len(good)-1],
		"one byte more":      append(bytes.Clone(good), 0),
	} {
		if _, err := NewDecoder(nil).Fields(raw, nil); !errors.Is(err, ErrContainer) {
			t.Errorf("%s: %v, want %v", name, err, ErrContainer)
		}
	}
}

// TestSameRecordSameFields decodes records in any order: what is remembered of
// others must not show.
func TestSameRecordSameFields(t *testing.T) {
	var f evtxtest.File
	logons(t, &f, 1, 300)
	records, _ := readAll(t, f.Bytes())
	d := NewDecoder(nil)
	for _, step := range []int{1, 7, 101, -1} {
		at := 0
		for range records {
			at = ((at+step)%len(records) + len(records)) % len(records)
			got, err := d.Fields(records[at].raw, nil)
			if err != nil || !reflect.DeepEqual(got, records[at].fields) {
				t.Fatalf("record %d: %v, %v; want %v", records[at].Number, got, err, records[at].fields)
			}
		}
	}
}

// TestForgedOverlap gives two records the same fragments and lets one of them
// cover the fragment with other bytes: each record means the same in any order.
func TestForgedOverlap(t *testing.T) {
	records, _ := readAll(t, write(t, small("one"), small("two")))
	honest := records[1].raw
	forged := bytes.Clone(honest)
	forged[records[1].Size+len(containerMagic)] = 0x80 // the record claims offset 512
	forged[records[1].Size+len(containerMagic)+1] = 0x04
	alone := func(raw []byte) event.Fields { f, _ := NewDecoder(nil).Fields(raw, nil); return f }
	for _, order := range [][2][]byte{{honest, forged}, {forged, honest}} {
		d := NewDecoder(nil)
		for _, raw := range order {
			got, _ := d.Fields(raw, nil)
			if !reflect.DeepEqual(got, alone(raw)) {
				t.Errorf("%v after another record, %v alone", got, alone(raw))
			}
		}
	}
}
