package journald_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evident-sec/evident/internal/journald"
	"github.com/evident-sec/evident/internal/journald/journaltest"
)

// tampering is one way to change a closed file behind journald's back.
type tampering struct {
	name string
	do   func(f []byte) []byte
	// want are parts of the lines that must come, in order; none where nothing in
	// the file can show it.
	want []string
	// verified is how many entries stay verified.
	verified int
	options  journaltest.Options
}

// of returns the i-th object of a kind.
func of(f []byte, kind byte, i int) []byte { return f[objects(f, kind)[i]:] }

// holding returns the offset of the data object whose content begins so.
func holding(f []byte, text string) int {
	for _, at := range objects(f, 1) {
		if bytes.HasPrefix(f[at+64:], []byte(text)) {
			return at
		}
	}
	panic("no field " + text)
}

var tamperings = []tampering{
	{name: "nothing", do: func(f []byte) []byte { return f }, verified: 40},
	{
		name: "a message changed",
		do: func(f []byte) []byte {
			f[holding(f, "MESSAGE=entry 17")+64+14] = '9'
			return f
		},
		want: []string{
			"does not match its hash", "the seal over entries 18 to 20 (epoch 5, from 2026-11-18T11:07:30Z)",
		},
		verified: 17,
	},
	{
		name: "a message changed, its hashes made right",
		do: func(f []byte) []byte {
			at := holding(f, "MESSAGE=entry 17")
			before := le.Uint64(f[at+16:])
			f[at+64+14] = '9'
			journaltest.Rehash(f, at)
			e := of(f, 3, 17)
			le.PutUint64(e[56:], le.Uint64(e[56:])^before^le.Uint64(f[at+16:]))
			for i := 64; i < int(le.Uint64(e[8:])); i += 16 {
				if le.Uint64(e[i:]) == uint64(at) {
					copy(e[i+8:i+16], f[at+16:at+24])
				}
			}
			return f
		},
		want: []string{"the seal over entries 18 to 20"}, verified: 17,
	},
	{
		name: "an entry backdated",
		do: func(f []byte) []byte {
			e := of(f, 3, 20)
			le.PutUint64(e[24:], le.Uint64(e[24:])-3600*second)
			return f
		},
		want: []string{"the seal over entries 21 to 24"}, verified: 20,
	},
	{
		name: "an entry hidden from the index",
		do: func(f []byte) []byte {
			index := f[le.Uint64(f[176:]):]
			copy(index[24+8*20:], index[24+8*21:24+8*40])
			le.PutUint64(index[24+8*39:], 0)
			return f
		},
		want: []string{"1 entries are in the file and not in its index"}, verified: 40,
	},
	{
		name: "a seal of another epoch",
		do: func(f []byte) []byte {
			le.PutUint64(of(f, 7, 4)[24:], 9)
			return f
		},
		want: []string{"of epoch 4 and stands behind one of epoch 9", "the seal over entries 11 to 14"}, verified: 10,
	},
	{
		name: "the end cut off",
		do:   func(f []byte) []byte { return f[:objects(f, 3)[30]] },
		want: []string{"truncated"}, verified: 30,
	},
	{
		name: "the end cut off behind a seal, the header made right",
		do: func([]byte) []byte {
			o := journaltest.Options{Keys: sealing(), Online: true, Capacity: 40}
			o.Start, o.Interval = begin, 10*second
			w := journaltest.New(o)
			for i := range 24 {
				w.Add(entry(i))
			}
			w.Until(entry(24).Realtime)
			f := w.Close()
			f[16] = 0
			return f
		},
		// Nothing in the file shows it: only that the time verified ends earlier.
		verified: 24,
	},
	{
		name: "entries added behind the last seal",
		do: func(f []byte) []byte {
			f[16] = 0
			return f
		},
		options: journaltest.Options{Online: true},
		want:    []string{"was closed and does not end with a seal: its last 3 entries"}, verified: 37,
	},
	{
		name: "an interval cut out, where each has a seal",
		do: func(f []byte) []byte {
			le.PutUint64(of(f, 7, 3)[24:], 7)
			return f
		},
		options: journaltest.Options{Continuous: true},
		want:    []string{"the seals of the epochs 2 to 6 are missing", "stands behind", "the seal over"}, verified: 7,
	},
	{
		name: "the header of another machine",
		do: func(f []byte) []byte {
			f[40] ^= 1
			return f
		},
		want: []string{"the seal over no entries (epoch 0"}, verified: 0,
	},
}

// TestTampering changes sealed files and expects the line that says so.
func TestTampering(t *testing.T) {
	for _, c := range tamperings {
		t.Run(c.name, func(t *testing.T) {
			o := c.options
			o.Keys = sealing()
			file, key := written(o, 40)
			file = c.do(file)
			got := read(t, file, keyFor(key)...)
			rest := got.lines()
			for _, want := range c.want {
				_, after, found := strings.Cut(rest, want)
				if !found {
					t.Errorf("no line %q in order in\n%s", want, got.lines())
				}
				rest = after
			}
			if len(c.want) == 0 && len(got.problems) > 0 {
				t.Errorf("problems:\n%s", got.lines())
			}
			if s := got.verdict.Seals; s.Verified != c.verified {
				t.Errorf("%d entries verified, want %d: %+v\n%s", s.Verified, c.verified, s, got.lines())
			}
			t.Run("journalctl", func(t *testing.T) { noWorse(t, file, key, got.problems) })
		})
	}
}

// noWorse fails where journalctl --verify finds a fault and we do not.
func noWorse(t *testing.T, file []byte, key string, problems []journald.Problem) {
	t.Helper()
	program := journalctl(t)
	path := filepath.Join(t.TempDir(), "x.journal")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	said, err := exec.Command(program, "--file", path, "--verify", "--verify-key="+key).CombinedOutput()
	if bytes.Contains(said, []byte("unknown extensions")) {
		t.Skip("this journalctl does not know continuous seals")
	}
	t.Logf("journalctl: %v, we: %d lines", err, len(problems))
	if err != nil && len(problems) == 0 {
		t.Errorf("journalctl finds what we do not:\n%s", said)
	}
}

// TestRealSealsBreak changes each sealed part of a journal that systemd wrote, one
// byte at a time, and expects the seal over it to break.
func TestRealSealsBreak(t *testing.T) {
	for _, name := range []string{"compact", "regular"} {
		file := fixture(t, name)
		keys := keysIn(t, journaltest.Key(name))
		head := 64
		if le.Uint32(file[12:])&16 != 0 {
			head = 72
		}
		for kind, offset := range map[byte]int{1: head, 2: 40, 3: 24, 7: 16} {
			all := objects(file, kind)
			at := all[len(all)/2] + offset
			changed := bytes.Clone(file)
			changed[at] ^= 4
			s := read(t, changed, keys...).verdict.Seals
			if s.Good != s.Count-1 || s.Verified >= 60 {
				t.Errorf("%s: byte %d of an object of kind %d: %d of %d seals match, %d entries verified",
					name, offset, kind, s.Good, s.Count, s.Verified)
			}
		}
	}
}
