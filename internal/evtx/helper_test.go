package evtx

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/evtx/evtxtest"
)

// noon is when test records are written.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 123456700, time.UTC)

// cut is a record as a file gave it: alone, and as its chunk decodes it.
type cut struct {
	Record
	raw    []byte
	fields event.Fields // by the whole chunk
	err    error
}

// readAll reads a whole file.
func readAll(tb testing.TB, file []byte) ([]cut, *Reader) {
	tb.Helper()
	r, err := NewReader(bytes.NewReader(file))
	if err != nil {
		tb.Fatal(err)
	}
	return cuts(tb, r), r
}

func cuts(tb testing.TB, r *Reader) (out []cut) {
	tb.Helper()
	for {
		c, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			tb.Fatal(err)
		}
		for _, rec := range c.Records() {
			one := cut{Record: rec, raw: c.AppendRaw(nil, rec)}
			one.fields, one.err = c.decode(rec)
			out = append(out, one)
		}
	}
}

// decode decodes a record inside its chunk, where everything is at hand: the
// oracle for records that were cut out.
func (c *Chunk) decode(rec Record) (event.Fields, error) {
	d := NewDecoder(nil)
	d.parser.begin(&view{record: bytes.Clone(c.data)})
	return d.render(rec.Offset, c.data[rec.Offset:rec.Offset+rec.Size], nil)
}

// write returns a file with one record for each body.
func write(tb testing.TB, bodies ...func(*evtxtest.XML)) []byte {
	tb.Helper()
	var f evtxtest.File
	for i, body := range bodies {
		if err := f.Record(uint64(i+1), noon, body); err != nil {
			tb.Fatal(err)
		}
	}
	return f.Bytes()
}

// logons returns a file with n events of the same kind.
func logons(tb testing.TB, f *evtxtest.File, first, n int) {
	tb.Helper()
	for i := first; i < first+n; i++ {
		err := f.Event(evtxtest.Event{
			Number: uint64(i), Time: noon.Add(time.Duration(i) * time.Second),
			Provider: "Microsoft-Windows-Security-Auditing", ID: 4624, Channel: "Security",
			Computer: "ws-017.harbor.example",
			Data: []evtxtest.Datum{
				{Name: "TargetUserName", Value: evtxtest.String("u.ashgrove")},
				{Name: "TargetLogonId", Value: evtxtest.Number(0x15, 8, 0x3e7+uint64(i))},
				{Name: "LogonType", Value: evtxtest.Number(0x08, 4, 3)},
			},
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
}

func lines(r *Reader) (out []string) {
	for _, p := range r.Problems() {
		line := p.Where + ": " + p.Text
		if p.Lost {
			line = "lost " + line
		}
		out = append(out, line)
	}
	return out
}
