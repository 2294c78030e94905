package event_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
)

func drawEntry(t *rapid.T) *event.Entry {
	text := rapid.StringN(0, 40, -1)
	e := &event.Entry{
		Source:   text.Draw(t, "source"),
		Format:   event.Format(text.Draw(t, "format")),
		Schema:   text.Draw(t, "schema"),
		Received: time.Unix(0, rapid.Int64().Draw(t, "received")).UTC(),
	}
	for range rapid.IntRange(1, 20).Draw(t, "records") {
		r := event.Record{
			Raw:      rapid.SliceOf(rapid.Byte()).Draw(t, "raw"),
			Position: rapid.Int64Range(0, 1<<62).Draw(t, "position"),
		}
		copy(r.Salt[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "salt"))
		e.Batch = e.Batch.Next(r.Raw)
		e.Records = append(e.Records, r)
	}
	return e
}

// same reports whether the entries carry the same content; Seq is not content.
func same(a, b *event.Entry) bool {
	ok := a.Batch == b.Batch && a.Source == b.Source && a.Format == b.Format &&
		a.Schema == b.Schema && a.Received.Equal(b.Received) && len(a.Records) == len(b.Records)
	for i := 0; ok && i < len(a.Records); i++ {
		x, y := &a.Records[i], &b.Records[i]
		ok = x.Salt == y.Salt && x.Position == y.Position && bytes.Equal(x.Raw, y.Raw)
	}
	return ok
}

func TestEntryRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEntry(t)
		data, err := e.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		got := event.Entry{Seq: 7}
		if err := got.UnmarshalBinary(data); err != nil {
			t.Fatal(err)
		}
		if !same(e, &got) {
			t.Fatalf("read %+v, wrote %+v", got, *e)
		}
		if got.Seq != 7 {
			t.Fatal("Seq was changed: it is not part of the encoding")
		}
		if !bytes.HasPrefix(data, e.Header()) || got.HeaderHash() != sha256.Sum256(e.Header()) {
			t.Fatal("the header is not the start of the encoding")
		}
		// Any cut is noticed, as are bytes behind the end.
		cut := rapid.IntRange(0, len(data)-1).Draw(t, "cut")
		if new(event.Entry).UnmarshalBinary(data[:cut]) == nil {
			t.Fatalf("%d of %d bytes are accepted", cut, len(data))
		}
		if new(event.Entry).UnmarshalBinary(append(data, 0)) == nil {
			t.Fatal("a byte behind the end is accepted")
		}
	})
}

// TestHeaderFixesEverythingButRecords checks that the header, whose hash is
// sealed, differs where anything besides salt and raw does.
func TestHeaderFixesEverythingButRecords(t *testing.T) {
	base := func() *event.Entry {
		return &event.Entry{
			Source: "a", Format: "b", Schema: "c", Received: time.Unix(1, 2).UTC(),
			Records: []event.Record{{Raw: []byte("x"), Position: 1}, {Raw: []byte("y"), Position: 2}},
		}
	}
	seen := map[[32]byte]string{base().HeaderHash(): "base"}
	for name, change := range map[string]func(*event.Entry){
		"source":   func(e *event.Entry) { e.Source = "ab" },
		"format":   func(e *event.Entry) { e.Format = "bc" },
		"schema":   func(e *event.Entry) { e.Schema = "" },
		"shifted":  func(e *event.Entry) { e.Source, e.Format = "ab", "" },
		"received": func(e *event.Entry) { e.Received = time.Unix(1, 3).UTC() },
		"batch":    func(e *event.Entry) { e.Batch[31] = 1 },
		"position": func(e *event.Entry) { e.Records[1].Position = 3 },
		"fewer":    func(e *event.Entry) { e.Records = e.Records[:1] },
	} {
		e := base()
		change(e)
		if other, ok := seen[e.HeaderHash()]; ok {
			t.Errorf("%s and %s have the same header", name, other)
		}
		seen[e.HeaderHash()] = name
	}
}

func TestEntryRefuses(t *testing.T) {
	if _, err := new(event.Entry).MarshalBinary(); err == nil {
		t.Error("an entry without records is encoded")
	}
	good, err := (&event.Entry{Records: []event.Record{{Raw: []byte("x")}}}).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	version := bytes.Clone(good)
	version[3]++
	// A header that promises 2^63 records, and one with a length of 2^63.
	many := append(bytes.Clone(good[:4+32+8+3]), binary.AppendUvarint(nil, 1<<63)...)
	long := append(bytes.Clone(good[:4+32+8]), binary.AppendUvarint(nil, 1<<63)...)
	for name, data := range map[string][]byte{
		"nothing": nil, "another version": version, "many records": many, "long source": long,
	} {
		if new(event.Entry).UnmarshalBinary(data) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestBatchChain(t *testing.T) {
	var zero event.BatchID
	h := sha256.New()
	h.Write(zero[:])
	h.Write([]byte{0, 0, 0, 0, 0, 0, 0, 3})
	h.Write([]byte("abc"))
	if got := zero.Next([]byte("abc")); !bytes.Equal(got[:], h.Sum(nil)) {
		t.Errorf("Next = %v", got)
	}
	// Records cannot be moved across their borders.
	a := zero.Next([]byte("ab")).Next([]byte("c"))
	b := zero.Next([]byte("a")).Next([]byte("bc"))
	if a == b {
		t.Error("two sources have the same chain")
	}
}

func FuzzEntry(f *testing.F) {
	for _, e := range vectorEntries() {
		data, err := e.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var e, again event.Entry
		if e.UnmarshalBinary(data) != nil || len(e.Records) == 0 {
			return
		}
		out, err := e.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if err := again.UnmarshalBinary(out); err != nil || !same(&e, &again) {
			t.Errorf("does not survive: %v", err)
		}
	})
}
