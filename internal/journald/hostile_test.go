package journald_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/evident-sec/evident/internal/journald"
	"github.com/evident-sec/evident/internal/journald/journaltest"
)

// hostile files each have one thing in them that would cost a careless reader its
// time or memory.
var hostile = []struct {
	name string
	do   func(f []byte) []byte
	want string // part of a line
}{
	{
		"an index that points to itself",
		func(f []byte) []byte {
			at := le.Uint64(f[176:])
			le.PutUint64(f[at+16:], at)
			return f
		}, "index of its entries is damaged",
	},
	{
		"an index that points back",
		func(f []byte) []byte {
			at := objects(f, 6)[3]
			first := le.Uint64(f[176:])
			le.PutUint64(f[first+16:], uint64(at))
			le.PutUint64(f[at+16:], first)
			return f
		}, "index of its entries is damaged",
	},
	{
		"an index outside the file",
		func(f []byte) []byte {
			le.PutUint64(f[176:], 1<<63)
			return f
		}, "index of its entries is damaged",
	},
	{
		"an object without an end",
		func(f []byte) []byte {
			le.PutUint64(f[objects(f, 3)[10]+8:], 1<<63-8)
			return f
		}, "bytes here are not objects of the journal; skipped",
	},
	{
		"an object of no size",
		func(f []byte) []byte {
			le.PutUint64(f[objects(f, 1)[10]+8:], 0)
			return f
		}, "bytes here are not objects of the journal; skipped",
	},
	{
		"a field outside the file",
		func(f []byte) []byte {
			le.PutUint64(f[objects(f, 3)[10]+64:], 1<<62)
			return f
		}, "entry 11: 1 of its fields cannot be read",
	},
	{
		"a field inside a field",
		func(f []byte) []byte {
			e := f[objects(f, 3)[10]:]
			le.PutUint64(e[64:], le.Uint64(e[64:])+8)
			return f
		}, "entry 11: 1 of its fields cannot be read",
	},
	{
		"a field that comes later",
		func(f []byte) []byte {
			le.PutUint64(f[objects(f, 3)[10]+64:], uint64(holding(f, "MESSAGE=entry 20")))
			return f
		}, "entry 11: 1 of its fields cannot be read",
	},
	{
		"a seal of the last epoch there is",
		func(f []byte) []byte {
			le.PutUint64(f[objects(f, 7)[4]+24:], 1<<64-1)
			return f
		}, "(epoch 18446744073709551615, from 294247-01-10T04:00:54Z) does not match",
	},
	{
		"a header without a size",
		func(f []byte) []byte {
			le.PutUint64(f[88:], 0)
			return f
		}, "the header of this systemd journal is damaged",
	},
	{
		"a newer format",
		func(f []byte) []byte {
			f[12] |= 0x80
			return f
		}, "is of a newer format",
	},
	{
		"a compression that is none",
		func(f []byte) []byte {
			f[holding(f, "MESSAGE=entry 5")+1] = 2
			return f
		}, "this field cannot be read: is longer",
	},
	{
		"all objects the same seal",
		func(f []byte) []byte {
			at := objects(f, 7)[3]
			return append(f[:at], bytes.Repeat(f[at:at+64], 20_000)...)
		}, "seals were removed or added",
	},
}

// TestHostile reads each of them to the end and expects one clear line.
func TestHostile(t *testing.T) {
	for _, c := range hostile {
		t.Run(c.name, func(t *testing.T) {
			file, key := written(journaltest.Options{Keys: sealing()}, 40)
			got := read(t, c.do(file), keyFor(key)...)
			if !strings.Contains(got.lines(), c.want) {
				t.Errorf("no line with %q in\n%.2000s", c.want, got.lines())
			}
		})
	}
}

// TestCutAnywhere cuts a file at every place: what was read before is read again,
// and nothing else.
func TestCutAnywhere(t *testing.T) {
	file, key := written(journaltest.Options{Keys: sealing(), Compress: "zstd", Compact: true}, 12)
	whole := read(t, file, keyFor(key)...)
	for n := 8; n < len(file); n += 7 {
		got := read(t, file[:n])
		if len(got.problems) == 0 || len(got.entries) > len(whole.entries) {
			t.Fatalf("cut at %d of %d: %d entries, %d lines", n, len(file), len(got.entries), len(got.problems))
		}
		for i := range got.entries {
			if !bytes.Equal(got.entries[i], whole.entries[i]) {
				t.Fatalf("cut at %d: entry %d is %q", n, i+1, got.entries[i])
			}
		}
	}
}

// bomb is a journal with a compressed field that the writer did not compress.
func bomb(t *testing.T, flag byte, payload []byte, entries int) []byte {
	t.Helper()
	stand := []byte("MESSAGE=" + strings.Repeat("~", len(payload)-8))
	w := journaltest.New(journaltest.Options{Capacity: entries})
	for i := range entries {
		w.Add(journaltest.Entry{
			Seqnum: uint64(i + 1), Realtime: begin + uint64(i), Monotonic: uint64(i), Fields: [][]byte{stand},
		})
	}
	f := w.Close()
	at := holding(f, "MESSAGE=~")
	f[at+1] = flag
	copy(f[at+64:], payload)
	return f
}

// TestBombs has fields that expand to more than one may be, or say so, and one
// that is small enough and comes in many entries.
func TestBombs(t *testing.T) {
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	zeros := z.EncodeAll(make([]byte, 64<<20), nil)
	most := z.EncodeAll(append([]byte("MESSAGE="), make([]byte, 4<<20)...), nil)
	lz := le.AppendUint64(nil, 1<<40)
	lz = append(lz, make([]byte, 64)...)
	xz := []byte("\xfd7zXZ\x00\x00\x00\x00\x00\x00\x00" + // stream header
		"\x02\x00\x21\x01\x28\x00\x00\x00\x00\x00\x00\x00" + // LZMA2, 4 GiB dictionary
		"\x00\x01\x10\xff\xff\xff\xff\x0f\x00\x00\x00\x00" + // index: 4 GiB
		"\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00YZ")
	for _, c := range []struct {
		name    string
		flag    byte
		payload []byte
		want    string
	}{
		{"zstd", 4, zeros, "this field cannot be read: is longer than 8388608 bytes"},
		{"lz4", 2, lz, "this field cannot be read: is longer than 8388608 bytes"},
		{"xz", 1, xz, "this field cannot be read: is longer than 8388608 bytes"},
	} {
		got := read(t, bomb(t, c.flag, c.payload, 1))
		if !strings.Contains(got.lines(), c.want) || len(got.entries) != 1 || len(got.entries[0]) > 1000 {
			t.Errorf("%s: %d entries, lines\n%s", c.name, len(got.entries), got.lines())
		}
	}
	file := bomb(t, 4, most, 400)
	r, err := journald.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	total, count := 0, 0
	for {
		raw, err := r.Next()
		if err != nil {
			break
		}
		total += len(raw)
		count++
	}
	if limit := 64<<20 + 64*len(file); total > limit || count == 0 {
		t.Errorf("%d entries with %d bytes out of a file of %d", count, total, len(file))
	}
	if p := r.Problems(); len(p) != 2 || !strings.Contains(p[1].Text, "times the file") {
		t.Errorf("problems %v", p)
	}
}

// TestExportRefusals reads bytes that are not an entry.
func TestExportRefusals(t *testing.T) {
	for _, raw := range []string{
		"lower=case", "=nothing", "NAME", "NAME\nshort", "NAME\n\xff\xff\xff\xff\xff\xff\xff\xff",
		"NAME\n\x01\x00\x00\x00\x00\x00\x00\x00xx", "A=1\n\nB=2", "1A=2",
	} {
		err := journald.Fields([]byte(raw), func(_, _ []byte) bool { return true })
		if err == nil {
			t.Errorf("%q is taken", raw)
		}
	}
}

// TestKeyRefusals never shows the key.
func TestKeyRefusals(t *testing.T) {
	for _, text := range []string{
		"", "# only a comment\n", "deadbeef", "599e28-6e19e7-b2eda1-d59019", "599e28-6e19e7-b2eda1-d59019/1",
		"599e28-6e19e7-b2eda1-d59019/1-0", "599e28-6e19e7-b2eda1/1-989680",
		"599e28-6e19e7-b2eda1-d59019/ffffffffffffffff-989680", "zz9e28-6e19e7-b2eda1-d59019/1-989680",
		strings.Repeat("599e28-6e19e7-b2eda1-d59019/1-989680\n", 65),
	} {
		_, err := journald.ParseKeys([]byte(text))
		if err == nil || strings.Contains(err.Error(), "6e19e7") {
			t.Errorf("%.40q: %v", text, err)
		}
	}
}
