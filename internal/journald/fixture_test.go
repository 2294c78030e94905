package journald_test

import (
	"bytes"
	"regexp"
	"testing"

	"github.com/evident-sec/evident/internal/journald/journaltest"
)

// newer are the lines that systemd 254 added to the export format; the files of
// journaltest were read with journalctl 252.
var newer = regexp.MustCompile(`(?m)\n__SEQNUM=.*\n__SEQNUM_ID=.*$`)

// exported joins entries as journalctl before 254 prints them.
func exported(entries [][]byte) []byte {
	var out []byte
	for _, e := range entries {
		head, rest, _ := bytes.Cut(e, []byte("\n_BOOT_ID="))
		out = append(out, newer.ReplaceAll(head, nil)...)
		out = append(append(append(out, "\n_BOOT_ID="...), rest...), "\n\n"...)
	}
	return out
}

// TestFixtures reads journals that systemd 252 wrote (compact and regular, keyed
// and not, compressed, sealed and not) and compares each entry, byte for byte,
// with what "journalctl -o export" printed of the same file, and the verdict on
// the seals with "journalctl --verify" (PASS, nothing unsealed).
func TestFixtures(t *testing.T) {
	for _, c := range []struct {
		name                 string
		entries, tags, jumps int
	}{
		{"compact", 60, 11, 0},
		{"regular", 40, 8, 0},
		{"jumps", 20, 21, 19},
		{"plain", 20, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := read(t, fixture(t, c.name), keysIn(t, journaltest.Key(c.name))...)
			if len(got.problems) > 0 {
				t.Errorf("problems in a good file:\n%s", got.lines())
			}
			want, err := journaltest.Export(c.name)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(exported(got.entries), want) {
				t.Errorf("not what journalctl exports:\n%s\n---- want\n%s", exported(got.entries), want)
			}
			s := got.verdict.Seals
			if got.verdict.Records != c.entries || s.Count != c.tags || s.Good != c.tags || s.Jumps != c.jumps ||
				c.tags > 0 && (s.Verified != c.entries || s.Unsealed != 0) {
				t.Errorf("verdict %+v", got.verdict)
			}
		})
	}
}

// TestWithoutKey says that seals are there and were not verified.
func TestWithoutKey(t *testing.T) {
	got := read(t, fixture(t, "compact"))
	if s := got.verdict.Seals; s.Checked || s.Count != 11 || s.First != 0 || s.Last != 9 || len(got.problems) > 0 {
		t.Errorf("verdict %+v, problems %s", got.verdict, got.lines())
	}
	want := "60 entries, file offline, 11 forward-secure seals, epochs 0 to 9, not verified: no key was given"
	if v := got.verdict; v.String() != want {
		t.Errorf("says %q, want %q", v.String(), want)
	}
}

// TestWrongKey does not blame the file alone.
func TestWrongKey(t *testing.T) {
	got := read(t, fixture(t, "compact"), keysIn(t, journaltest.Key("regular"))...)
	if s := got.verdict.Seals; !s.Checked || s.Good != 0 || len(got.problems) != 1 {
		t.Errorf("verdict %+v, problems:\n%s", got.verdict, got.lines())
	}
}

// TestKeysOfSeveralHosts picks the key that fits.
func TestKeysOfSeveralHosts(t *testing.T) {
	text := append(append([]byte("# web\n"), journaltest.Key("regular")...), "\n\n"...)
	text = append(text, journaltest.Key("jumps")...)
	got := read(t, fixture(t, "jumps"), keysIn(t, text)...)
	if s := got.verdict.Seals; s.Good != 21 || len(got.problems) > 0 {
		t.Errorf("verdict %+v, problems:\n%s", got.verdict, got.lines())
	}
}
