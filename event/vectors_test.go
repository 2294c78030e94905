package event_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
)

var update = flag.Bool("update", false, "rewrite docs/formats/vectors")

type entryVector struct {
	Source   string         `json:"source"`
	Format   string         `json:"format"`
	Schema   string         `json:"schema"`
	Received int64          `json:"received_unix_nanoseconds"`
	Batch    string         `json:"batch_hex"`
	Records  []recordVector `json:"records"`
	Encoded  string         `json:"encoded_hex"`
	Header   int            `json:"header_length"`
	Hash     string         `json:"header_hash"` // base64, as in the ledger entry
}

type recordVector struct {
	Position int64  `json:"position"`
	Salt     string `json:"salt_hex"`
	Raw      string `json:"raw_hex"`
}

func vectorEntries() []*event.Entry {
	salt := func(b byte) event.Salt { return event.Salt(bytes.Repeat([]byte{b}, 16)) }
	entries := []*event.Entry{
		{
			Source: "stdin", Format: event.FormatText, Received: time.Unix(0, 0).UTC(),
			Records: []event.Record{{Salt: salt(0), Position: 1}},
		},
		{
			Source: "file:apt29.zip!day1.json", Format: event.FormatJSON,
			Received: time.Date(2026, 11, 22, 10, 0, 0, 123456789, time.UTC),
			Records: []event.Record{
				{Salt: salt(1), Position: 1, Raw: []byte(`{"EventID":4688}`)},
				{Salt: salt(2), Position: 2, Raw: []byte(`{"EventID":1}`)},
				{Salt: salt(0xff), Position: 300, Raw: bytes.Repeat([]byte{0, 0xff}, 80)},
			},
		},
		{
			Source: "file:conn.log", Format: event.FormatZeek, Schema: "#fields\tts\tuid",
			Received: time.Unix(-1, 0).UTC(),
			Records:  []event.Record{{Salt: salt(3), Position: 1 << 40, Raw: []byte("1\tC漢")}},
		},
	}
	for _, e := range entries {
		for i := range e.Records {
			e.Batch = e.Batch.Next(e.Records[i].Raw)
		}
	}
	return entries
}

// TestEntryVectors holds the encoding against docs/formats/vectors/entry.json,
// which -update rewrites.
func TestEntryVectors(t *testing.T) {
	const path = "../docs/formats/vectors/entry.json"
	var made []entryVector
	for _, e := range vectorEntries() {
		data, err := e.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		hash := e.HeaderHash()
		v := entryVector{
			Source: e.Source, Format: string(e.Format), Schema: e.Schema,
			Received: e.Received.UnixNano(), Batch: e.Batch.String(),
			Encoded: hex.EncodeToString(data), Header: len(e.Header()),
			Hash: base64.StdEncoding.EncodeToString(hash[:]),
		}
		for _, r := range e.Records {
			v.Records = append(v.Records, recordVector{
				r.Position, hex.EncodeToString(r.Salt[:]), hex.EncodeToString(r.Raw),
			})
		}
		made = append(made, v)
	}
	want, err := json.MarshalIndent(made, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Fatalf("%s does not hold what the code makes; see -update", path)
	}
}
