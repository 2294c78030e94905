package evtx

import (
	"encoding/binary"
	"runtime"
	"strings"
	"testing"

	"github.com/evident-sec/evident/internal/evtx/evtxtest"
)

// maxHostileBytes is what reading one hostile chunk may allocate in all.
const maxHostileBytes = 256 << 20

// TestHostile writes records that want much for little: each ends with an
// error or with few fields, and in bounded memory.
func TestHostile(t *testing.T) {
	for name, c := range map[string]struct {
		body func(*evtxtest.XML)
		says string // the error; "" for none
	}{
		"a template inside a template": {func(w *evtxtest.XML) {
			w.Fragment()
			w.Template("self", func(w *evtxtest.XML) {
				w.Element("A", nil, func() { w.Raw(0x0c, 1, 0, 0, 0, 0); w.Uint32(firstRecord + 38) })
			})
		}, "token 0x0c is not expected"},
		"elements in elements": {func(w *evtxtest.XML) {
			w.Fragment()
			w.Template("deep", func(w *evtxtest.XML) { nest(w, 500) })
		}, "nested more than 64 deep"},
		"documents in documents": {
			func(w *evtxtest.XML) { matryoshka(w, 40) },
			"nested more than 16 deep",
		},
		"one text very often": {func(w *evtxtest.XML) {
			w.Fragment()
			w.Template("often", func(w *evtxtest.XML) {
				w.Element("A", nil, func() {
					for range 1500 {
						w.Leaf("B", nil, evtxtest.Sub(0, 1))
					}
				})
			}, evtxtest.String(strings.Repeat("x", 8000)))
		}, "more fields or text than a record may have"},
		"one document very often, six times over": {
			func(w *evtxtest.XML) { multiply(w, 6) },
			"templates are longer than",
		},
		"one array very often": {func(w *evtxtest.XML) {
			w.Fragment()
			w.Template("array", func(w *evtxtest.XML) {
				w.Element("A", nil, func() {
					for range 2000 {
						w.Leaf("B", nil, evtxtest.Sub(0, 1))
					}
				})
			}, evtxtest.Value{Kind: 0x84, Bytes: make([]byte, 20_000)})
		}, "more fields or text than a record may have"},
		"a path that grows": {func(w *evtxtest.XML) {
			w.Fragment()
			w.Template("path", func(w *evtxtest.XML) {
				w.Element(strings.Repeat("a", 300), nil, func() {
					w.Element(strings.Repeat("b", 300), nil, func() {})
				})
			})
		}, "longer than 512 bytes"},
		"a definition of four GiB": {func(w *evtxtest.XML) {
			w.Raw(0x0c, 1, 0, 0, 0, 0)
			w.Uint32(w.Offset() + 4)
			w.Raw(make([]byte, 20)...)
			w.Raw(0xff, 0xff, 0xff, 0xff)
		}, "is not there"},
		"a definition elsewhere": {func(w *evtxtest.XML) {
			w.Raw(0x0c, 1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f)
		}, "is not there"},
		"four billion values": {func(w *evtxtest.XML) {
			w.Template("many", func(w *evtxtest.XML) { w.Leaf("A", nil) })
			binary.LittleEndian.PutUint32(w.Last(4), 0xffffffff)
		}, "values do not fit"},
		"a name elsewhere": {func(w *evtxtest.XML) {
			w.Raw(0x01, 9, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f, 0x03)
		}, "name at byte"},
		"an attribute list of four GiB": {func(w *evtxtest.XML) {
			w.Element("A", []evtxtest.Attr{{Name: "b", Value: evtxtest.Text("c")}}, nil)
			list := w.Last(28)
			binary.LittleEndian.PutUint32(list, 0xfffffff0)
		}, "ends early"},
		"nothing": {func(*evtxtest.XML) {}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			file := write(t, c.body)
			used := allocated(func() {
				records, _ := readAll(t, file)
				_, err := NewDecoder(nil).Fields(records[0].raw, nil)
				if c.says == "" && err != nil || c.says != "" && !strings.Contains(show(nil, err), c.says) {
					t.Errorf("%v, want %q", err, c.says)
				}
			})
			if used > maxHostileBytes {
				t.Errorf("took %d MiB", used>>20)
			}
		})
	}
}

// allocated returns the bytes that f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func nest(w *evtxtest.XML, depth int) {
	if depth > 0 {
		w.Element("A", nil, func() { nest(w, depth-1) })
	}
}

// matryoshka writes a document whose value is a document, and so on.
func matryoshka(w *evtxtest.XML, depth int) {
	w.Fragment()
	if depth == 0 {
		return
	}
	w.Template("doll", func(w *evtxtest.XML) { w.Leaf("A", nil, evtxtest.Sub(0, 0x21)) },
		evtxtest.Document(func(w *evtxtest.XML) { matryoshka(w, depth-1) }))
}

// multiply writes a document that its template shows a hundred times, inside
// one that does the same.
func multiply(w *evtxtest.XML, depth int) {
	w.Fragment()
	if depth == 0 {
		return
	}
	w.Template("hundred", func(w *evtxtest.XML) {
		w.Element("A", nil, func() {
			for range 100 {
				evtxtest.Sub(0, 0x21)(w)
			}
		})
	}, evtxtest.Document(func(w *evtxtest.XML) { multiply(w, depth-1) }))
}

// TestOverlappingDefinitions writes a chunk in which every record refers to a
// definition of its own that covers most of the chunk.
func TestOverlappingDefinitions(t *testing.T) {
	var f evtxtest.File
	const big = 40_000
	err := f.Record(1, noon, func(w *evtxtest.XML) {
		w.Raw(0)
		for w.Offset() < big { // any four bytes here are a size of 38,000 and more
			w.Uint32(38_000)
		}
	})
	for i := 2; err == nil && i < 500; i++ {
		err = f.Record(uint64(i), noon, func(w *evtxtest.XML) {
			w.Raw(0x0c, 1, 0, 0, 0, 0)
			w.Uint32(600 + 4*i)
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	file := f.Bytes()
	total := 0
	used := allocated(func() {
		r, _ := NewReader(strings.NewReader(string(file)))
		for {
			c, err := r.Next()
			if err != nil {
				break
			}
			var raw []byte
			d := NewDecoder(nil)
			for _, rec := range c.Records() {
				raw = c.AppendRaw(raw[:0], rec)
				total += len(raw)
				_, _ = d.Fields(raw, nil) // most are refused; that is not the point
			}
		}
	})
	if total > maxChunkFragments+ChunkBytes*2 || used > maxHostileBytes {
		t.Errorf("records of one chunk became %d bytes, took %d MiB", total, used>>20)
	}
}

// TestOneNameVeryOften writes records whose elements, attributes, entities and
// instructions all refer to one name that is most of the chunk.
func TestOneNameVeryOften(t *testing.T) {
	name := strings.Repeat("n", 12_000)
	var f evtxtest.File
	bodies := []func(*evtxtest.XML){
		func(w *evtxtest.XML) { w.Leaf(name, nil) },
		func(w *evtxtest.XML) {
			for range 500 {
				evtxtest.Instruction(name, "")(w)
			}
		},
		func(w *evtxtest.XML) {
			w.Element("A", nil, func() {
				for range 300 {
					evtxtest.Entity(name)(w)
				}
			})
		},
		func(w *evtxtest.XML) {
			w.Template("names", func(w *evtxtest.XML) {
				w.Element("A", nil, func() {
					for range 300 {
						w.Leaf(name, nil)
					}
				})
			})
		},
	}
	for i, body := range bodies {
		if err := f.Record(uint64(i+1), noon, body); err != nil {
			t.Fatal(err)
		}
	}
	file := f.Bytes()
	used := allocated(func() {
		for _, rec := range first(readAll(t, file)) {
			if _, err := NewDecoder(nil).Fields(rec.raw, nil); err == nil {
				t.Errorf("record %d decodes", rec.Number)
			}
		}
	})
	if used > maxHostileBytes/8 {
		t.Errorf("took %d MiB", used>>20)
	}
}

func first(records []cut, _ *Reader) []cut { return records }

// TestFragmentsAreBounded gives a chunk's records more fragments than they may
// carry: the records stay, the rest cannot be decoded alone.
func TestFragmentsAreBounded(t *testing.T) {
	var f evtxtest.File
	long := evtxtest.Text(strings.Repeat("x", 9000))
	for i := range 700 {
		err := f.Record(uint64(i+1), noon, func(w *evtxtest.XML) {
			w.Fragment()
			w.Template("big", func(w *evtxtest.XML) { w.Leaf("A", nil, long) })
			w.End()
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	records, _ := readAll(t, f.Bytes())
	total, undecoded := 0, 0
	for _, rec := range records {
		total += len(rec.raw)
		if _, err := NewDecoder(nil).Fields(rec.raw, nil); err != nil {
			undecoded++
		}
	}
	if len(records) != 700 || undecoded == 0 || total > maxChunkFragments+2*ChunkBytes {
		t.Errorf("%d records, %d of them undecoded, %d bytes", len(records), undecoded, total)
	}
}
