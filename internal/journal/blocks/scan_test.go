package blocks_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/minio/highwayhash"
	"pgregory.net/rapid"

	"github.com/evident-sec/evident/internal/journal/blocks"
)

var stream = blocks.Stream{Name: "journal", Subject: "journal.entries"}

// encode writes a record the way the format says.
func encode(t testing.TB, number int, seq uint64, header, body []byte) []byte {
	t.Helper()
	const head, hash = 22, 8
	subject := stream.Subject
	b := make([]byte, head)
	binary.LittleEndian.PutUint32(b, uint32(head+len(subject)+4+len(header)+len(body)+hash)|1<<31)
	binary.LittleEndian.PutUint64(b[4:], seq)
	binary.LittleEndian.PutUint64(b[12:], seq*1000)
	binary.LittleEndian.PutUint16(b[20:], uint16(len(subject)))
	key := sha256.Sum256([]byte(fmt.Sprintf("%s-%d", stream.Name, number)))
	h, err := highwayhash.NewDigest64(key[:])
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range [][]byte{b[4:20], []byte(subject), header, body} {
		h.Write(part)
	}
	b = append(b, subject...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(header)))
	b = append(append(b, header...), body...)
	return h.Sum(b)
}

func scan(t testing.TB, number int, data []byte) (out []blocks.Record) {
	t.Helper()
	path := filepath.Join(t.TempDir(), fmt.Sprint(number, ".blk"))
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := stream.Scan(path, func(r blocks.Record) bool { out = append(out, r); return true }); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestOneDamagedRecord damages one record anywhere, by a bit or a cut: every
// other record is found whole, and nothing that was not written is.
func TestOneDamagedRecord(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		count := rapid.IntRange(1, 8).Draw(rt, "records")
		first := rapid.Uint64Range(1, 1<<40).Draw(rt, "first")
		bodies := map[uint64][]byte{}
		var data []byte
		var starts []int
		for i := range count {
			body := rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(rt, "body")
			if rapid.IntRange(0, 3).Draw(rt, "decoy") == 0 {
				// A log record that holds what a journal record looks like.
				body = append(body, encode(t, 8, first+uint64(i)+1, []byte("NATS/1.0\r\n\r\n"), body)...)
			}
			seq := first + uint64(i)
			bodies[seq] = body
			starts = append(starts, len(data))
			data = append(data, encode(t, 7, seq, []byte("NATS/1.0\r\n\r\n"), body)...)
		}
		starts = append(starts, len(data))
		hurt := rapid.IntRange(0, count-1).Draw(rt, "hurt")
		at := rapid.IntRange(starts[hurt], starts[hurt+1]-1).Draw(rt, "at")
		data[at] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
		whole := 0
		for _, r := range scan(t, 7, data) {
			if r.Err != nil {
				if r.Seq != 0 && r.Seq-first >= uint64(count) && at-starts[hurt] >= 12 {
					rt.Fatalf("a record with sequence %d was never there", r.Seq)
				}
				continue
			}
			whole++
			if !bytes.Equal(bodies[r.Seq], r.Body) {
				rt.Fatalf("record %d is not what was written", r.Seq)
			}
		}
		// Where the header ends is known without its length.
		length := starts[hurt] + 22 + len(stream.Subject)
		if at >= length && at < length+4 {
			whole--
		}
		if whole != count-1 {
			rt.Fatalf("%d of %d records are whole, one was damaged", whole, count)
		}
	})
}

// TestCutOff cuts a block anywhere: what was written before is whole.
func TestCutOff(t *testing.T) {
	var data []byte
	var ends []int
	for seq := uint64(1); seq <= 3; seq++ {
		data = append(data, encode(t, 1, seq, []byte("NATS/1.0\r\n\r\n"), []byte("body"))...)
		ends = append(ends, len(data))
	}
	for cut := range data {
		want := 0
		for _, end := range ends {
			if end <= cut {
				want++
			}
		}
		whole := 0
		for _, r := range scan(t, 1, data[:cut]) {
			if r.Err == nil {
				whole++
			}
		}
		if whole != want {
			t.Fatalf("cut at %d: %d whole records, want %d", cut, whole, want)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add(encode(f, 1, 1, []byte("NATS/1.0\r\n\r\n"), []byte("body")))
	f.Add(append(encode(f, 1, 4, nil, nil), 1, 2, 3))
	f.Add([]byte("journal.entries"))
	f.Fuzz(func(t *testing.T, data []byte) {
		last := uint64(0)
		for _, r := range scan(t, 1, data) {
			if r.Err == nil && r.Seq <= last {
				t.Fatalf("sequence %d behind %d", r.Seq, last)
			}
			if r.Err == nil {
				last = r.Seq
			}
		}
	})
}
