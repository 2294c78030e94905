package evtx

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"testing"
	"unicode/utf8"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/evtx/evtxtest"
)

// FuzzReader reads any bytes as a chunk behind a file header. Every record
// given must be the input's own bytes, and decode alone as in its chunk.
func FuzzReader(f *testing.F) {
	header := threeChunks(f)[:FileHeaderBytes]
	for _, file := range seedFiles(f) {
		chunk := file[FileHeaderBytes:]
		f.Add(chunk[:u32(chunk, 48)])
	}
	f.Fuzz(func(t *testing.T, chunk []byte) {
		if len(chunk) > ChunkBytes {
			return
		}
		in := append(bytes.Clone(header), chunk...)
		in = append(in, make([]byte, ChunkBytes-len(chunk))...)
		r, err := NewReader(bytes.NewReader(in))
		if err != nil {
			t.Fatal(err)
		}
		for {
			c, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			checkChunk(t, in, c)
		}
		if v := r.Verdict(); v.Chunks == 0 && v.Records > 0 {
			t.Errorf("records without a chunk: %+v", v)
		}
	})
}

func checkChunk(t *testing.T, in []byte, c *Chunk) {
	shared := NewDecoder(nil)
	for _, rec := range c.Records() {
		raw := c.AppendRaw(nil, rec)
		incomplete := c.incomplete
		record, err := RecordBytes(raw)
		if err != nil || !bytes.Equal(record, in[c.Offset()+int64(rec.Offset):][:rec.Size]) {
			t.Fatalf("record at %d is not the file's: %v", rec.Offset, err)
		}
		got, gotErr := shared.Fields(raw, nil)
		alone, aloneErr := NewDecoder(nil).Fields(raw, nil)
		if !reflect.DeepEqual(got, alone) || (gotErr == nil) != (aloneErr == nil) {
			t.Fatalf("after others %v, %v; alone %v, %v", got, gotErr, alone, aloneErr)
		}
		want, wantErr := c.decode(rec)
		if !incomplete && (!reflect.DeepEqual(got, want) || (gotErr == nil) != (wantErr == nil)) {
			t.Fatalf("alone %v, %v; in the chunk %v, %v", got, gotErr, want, wantErr)
		}
		checkFields(t, got)
	}
}

// checkFields holds decoded fields to what consumers rely on.
func checkFields(t *testing.T, fields event.Fields) {
	for _, f := range fields {
		for _, v := range append([]event.Value{f.Value}, f.Value.Items...) {
			if !utf8.ValidString(v.Text) || !utf8.ValidString(f.Name) {
				t.Fatalf("%q = %q is not UTF-8", f.Name, v.Text)
			}
		}
	}
}

// FuzzDecoder decodes any bytes as a record with its fragments.
func FuzzDecoder(f *testing.F) {
	for _, file := range seedFiles(f) {
		records, _ := readAll(f, file)
		for _, rec := range records {
			f.Add(rec.raw)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		before := bytes.Clone(raw)
		d := NewDecoder(nil)
		got, err := d.Fields(raw, nil)
		again, againErr := d.Fields(raw, nil)
		if !reflect.DeepEqual(got, again) || (err == nil) != (againErr == nil) {
			t.Fatalf("first %v, %v; then %v, %v", got, err, again, againErr)
		}
		if !bytes.Equal(raw, before) {
			t.Fatal("the record was changed")
		}
		checkFields(t, got)
		if p := Preview(raw, 100); len(p) > 100 || !utf8.ValidString(p) {
			t.Fatalf("preview %q", p)
		}
	})
}

// seedFiles are small files with every construct of the format.
func seedFiles(tb testing.TB) [][]byte {
	var f evtxtest.File
	logons(tb, &f, 1, 2)
	return [][]byte{
		f.Bytes(), write(tb, small("one"), small("two")), write(tb, everything, everything),
	}
}

// everything uses each token and type once.
func everything(w *evtxtest.XML) {
	values := []evtxtest.Value{
		evtxtest.Null(), evtxtest.String("text"), evtxtest.Strings("a", "b"),
		evtxtest.Double(2.5), evtxtest.Time(noon), evtxtest.SID(21, 1, 500),
	}
	for kind := byte(typeANSI); kind <= typeHex64; kind++ {
		b := bytes.Repeat([]byte{1, 2}, 8)
		if kind == typeSize {
			b = b[:4]
		}
		values = append(values, evtxtest.Value{Kind: kind, Bytes: b})
	}
	values = append(values, evtxtest.Document(func(w *evtxtest.XML) {
		w.Fragment()
		w.Leaf("X", []evtxtest.Attr{{Name: "y", Value: evtxtest.Text("z")}}, evtxtest.Text("t"))
		w.End()
	}))
	w.Fragment()
	w.Template("everything", func(w *evtxtest.XML) {
		evtxtest.Instruction("target", "data")(w)
		w.Element("E", []evtxtest.Attr{{Name: "a", Value: evtxtest.Sub(1, 1)}}, func() {
			evtxtest.Instruction("target", "data")(w)
			w.Leaf("T", nil, evtxtest.Text("<"), evtxtest.Entity("amp"), evtxtest.CData("]]"),
				evtxtest.Character(0x263a), evtxtest.Entity("other"))
			for i := range values {
				w.Leaf("V", nil, evtxtest.Optional(i, 0))
			}
			w.Leaf("Data", nil, evtxtest.Sub(1, 1))
			w.Leaf("Data", []evtxtest.Attr{{Name: "Name", Value: evtxtest.Sub(1, 1)}}, evtxtest.Sub(3, 1))
		})
	}, values...)
	w.End()
}

// TestEverything wants the parts that testdata/decode.txt cannot write.
func TestEverything(t *testing.T) {
	records, _ := readAll(t, write(t, everything, everything))
	for _, rec := range records {
		if rec.err != nil {
			t.Fatal(rec.err)
		}
		if got := rec.fields.Text("E.T"); got != "<&]]☺&other;" {
			t.Errorf("text %q", got)
		}
	}
}
