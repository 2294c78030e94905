package journald_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/internal/journald"
	"github.com/evident-sec/evident/internal/journald/journaltest"
)

const (
	second = 1_000_000
	begin  = 1_795_000_000 * second
)

// sealing are the keys of all journals that the tests write and seal.
var sealing = sync.OnceValue(func() *journaltest.Keys { return journaltest.NewKeys([]byte("twelve bytes")) })

// keyFor reads a verification key, each text once: its primes take time.
func keyFor(text string) []*journald.Key {
	if text == "" {
		return nil
	}
	known, ok := parsed.Load(text)
	if !ok {
		keys, err := journald.ParseKeys([]byte(text))
		if err != nil {
			panic(err)
		}
		known, _ = parsed.LoadOrStore(text, keys)
	}
	return known.([]*journald.Key)
}

var parsed sync.Map // of verification keys by their text

// entry is a made-up entry.
func entry(i int) journaltest.Entry {
	fields := [][]byte{
		[]byte("_HOSTNAME=web-03"), []byte("PRIORITY=6"), fmt.Appendf(nil, "_PID=%d", 900+i%7),
		fmt.Appendf(nil, "MESSAGE=entry %d", i),
	}
	if i%5 == 0 {
		fields = append(fields, []byte("LONG="+strings.Repeat("the same words again, ", 40)))
	}
	if i%7 == 0 {
		fields = append(fields, []byte("BINARY=\x00\x01\xff\n"))
	}
	return journaltest.Entry{
		Seqnum: uint64(i + 1), Realtime: begin + uint64(i)*3*second, Monotonic: uint64(i) * 3 * second,
		Boot: [16]byte{0x5f, 1}, Fields: fields,
	}
}

// written writes n entries.
func written(o journaltest.Options, n int) ([]byte, string) {
	o.Capacity = n
	if o.Keys != nil {
		o.Start, o.Interval = begin/(10*second)*(10*second), 10*second
	}
	w := journaltest.New(o)
	for i := range n {
		w.Add(entry(i))
	}
	return w.Close(), w.VerificationKey()
}

// variants are all ways to write a file.
func variants() (out []journaltest.Options) {
	for _, compress := range []string{"", "zstd", "lz4", "xz"} {
		for bits := range 16 {
			o := journaltest.Options{
				Compress: compress, Compact: bits&1 != 0, Keyed: bits&2 != 0, Continuous: bits&8 != 0,
			}
			if bits&4 != 0 {
				o.Keys = sealing()
			} else if o.Continuous {
				continue
			}
			out = append(out, o)
		}
	}
	return out
}

func nameOf(o journaltest.Options) string {
	return fmt.Sprintf("compact=%v,keyed=%v,sealed=%v,continuous=%v,%s", o.Compact, o.Keyed, o.Keys != nil,
		o.Continuous, o.Compress)
}

// TestVariants reads files of every kind, in every compression, sealed and not.
func TestVariants(t *testing.T) {
	for _, o := range variants() {
		t.Run(nameOf(o), func(t *testing.T) {
			file, key := written(o, 40)
			got := read(t, file, keyFor(key)...)
			if len(got.problems) > 0 || got.verdict.Records != 40 {
				t.Fatalf("%d entries, problems:\n%s", got.verdict.Records, got.lines())
			}
			if s := got.verdict.Seals; o.Keys != nil && (s.Good != s.Count || s.Verified != 40 || s.Jumps != 0) {
				t.Errorf("seals %+v", s)
			}
			if !bytes.Contains(got.entries[35], []byte("\nLONG=the same words again, ")) ||
				!bytes.Contains(got.entries[35], []byte("\nBINARY\n\x04\x00\x00\x00\x00\x00\x00\x00\x00\x01\xff\n\n")) {
				t.Errorf("entry 36 is %q", got.entries[35])
			}
		})
	}
}

// TestJournalctlAgrees lets systemd's own reader judge and export the files that
// the writer of journaltest makes, so that the writer is right where it and our
// reader agree.
func TestJournalctlAgrees(t *testing.T) {
	program := journalctl(t)
	for _, o := range variants() {
		t.Run(nameOf(o), func(t *testing.T) {
			file, key := written(o, 40)
			path := filepath.Join(t.TempDir(), "x.journal")
			if err := os.WriteFile(path, file, 0o600); err != nil {
				t.Fatal(err)
			}
			args := []string{"--file", path, "--verify"}
			if key != "" {
				args = append(args, "--verify-key="+key)
			}
			said, err := exec.Command(program, args...).CombinedOutput()
			if err != nil && bytes.Contains(said, []byte("unknown extensions")) {
				t.Skip("this journalctl does not know continuous seals")
			}
			if err != nil {
				t.Fatalf("journalctl --verify: %v\n%s", err, said)
			}
			want, err := exec.Command(program, "--file", path, "-o", "export", "--all").Output()
			if err != nil {
				t.Fatal(err)
			}
			got := read(t, file)
			ours := exported(got.entries)
			if bytes.Contains(want, []byte("\n__SEQNUM=")) {
				ours = append(bytes.Join(got.entries, []byte("\n\n")), "\n\n"...)
			}
			if !bytes.Equal(ours, want) {
				t.Errorf("we export\n%q\njournalctl\n%q", ours, want)
			}
		})
	}
}

// TestAnyEntries writes entries of any content and expects them back: what the
// fields of an entry are is worked out here without the file.
func TestAnyEntries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := rapid.SampledFrom(variants()).Draw(t, "options")
		o.Capacity, o.Start, o.Interval = 20, begin, 10*second
		w := journaltest.New(o)
		var want [][]byte
		at := uint64(begin)
		for i := range rapid.IntRange(0, 20).Draw(t, "entries") {
			at += uint64(rapid.IntRange(0, 60*second).Draw(t, "pause"))
			e := journaltest.Entry{Seqnum: uint64(i + 1), Realtime: at, Monotonic: at - begin}
			for range rapid.IntRange(1, 6).Draw(t, "fields") {
				name := rapid.StringMatching(`[A-Z_][A-Z0-9_]{0,9}`).Draw(t, "name")
				value := rapid.OneOf(rapid.SliceOfN(rapid.Byte(), 0, 200), rapid.Map(rapid.StringN(0, 50, 200),
					func(s string) []byte { return []byte(s) })).Draw(t, "value")
				e.Fields = append(e.Fields, append([]byte(name+"="), value...))
			}
			w.Add(e)
			want = append(want, naive(e))
		}
		got := read(t, w.Close(), keyFor(w.VerificationKey())...)
		if len(got.problems) > 0 || len(got.entries) != len(want) {
			t.Fatalf("%d entries of %d, problems:\n%s", len(got.entries), len(want), got.lines())
		}
		for i := range want {
			if got := naiveSet(got.entries[i]); !bytes.Equal(got, want[i]) {
				t.Fatalf("entry %d is\n%q\nwant\n%q", i+1, got, want[i])
			}
		}
	})
}

// naive is what an entry must give, in an order of its own: its numbers, and each
// field once.
func naive(e journaltest.Entry) []byte {
	boot := hex.EncodeToString(e.Boot[:])
	list := []string{
		fmt.Sprintf("__REALTIME_TIMESTAMP=%d", e.Realtime), fmt.Sprintf("__MONOTONIC_TIMESTAMP=%d", e.Monotonic),
		fmt.Sprintf("__SEQNUM=%d", e.Seqnum), "_BOOT_ID=" + boot,
	}
	for _, f := range e.Fields {
		list = append(list, string(f))
	}
	return canonical(list)
}

// naiveSet reads the export format as its description says.
func naiveSet(raw []byte) []byte {
	var list []string
	for in := bytes.NewBuffer(append(bytes.Clone(raw), '\n')); in.Len() > 0; {
		line, _ := in.ReadString('\n')
		line = strings.TrimSuffix(line, "\n")
		if !strings.Contains(line, "=") {
			value := in.Next(int(le.Uint64(in.Next(8))))
			line += "=" + string(value)
			in.Next(1)
		}
		if !strings.HasPrefix(line, "__CURSOR=") && !strings.HasPrefix(line, "__SEQNUM_ID=") {
			list = append(list, line)
		}
	}
	return canonical(list)
}

func canonical(list []string) []byte {
	slices.Sort(list)
	return fmt.Appendf(nil, "%q", slices.Compact(list))
}
