package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evident-sec/evident/internal/node"
)

// tampered is a data folder that is changed, verified and put back.
type tampered struct {
	dir    string
	random *rand.Rand
}

// naming matches what a failure has to name: a record, an entry, or a file.
var naming = regexp.MustCompile(`\b\d+-\d+\b|entr(y|ies) \d+|\.(parquet|db)\b|` +
	`checkpoint|key|tile|journal|ledger`)

// ranged matches a record or a range of records.
var ranged = regexp.MustCompile(`\brecords? \d+-\d+|\bentry \d+`)

// file picks one file that matches the pattern, at random.
func (d tampered) file(t *testing.T, pattern string) string {
	t.Helper()
	found := d.files(t, pattern)
	return found[d.random.IntN(len(found))]
}

// newest picks the file with the highest number: the ledger keeps what a longer
// tile has replaced, the journal blocks whose entries are purged.
func (d tampered) newest(t *testing.T, pattern string) string {
	t.Helper()
	return slices.MaxFunc(d.files(t, pattern), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
}

func (d tampered) files(t *testing.T, pattern string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(d.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(d.dir, path)
		if ok, _ := filepath.Match(pattern, rel); ok || regexp.MustCompile("^"+pattern+"$").MatchString(rel) {
			found = append(found, path)
		}
		return err
	})
	if err != nil || len(found) == 0 {
		t.Fatalf("no file matches %s: %v", pattern, err)
	}
	return found
}

// flip changes one byte of the file, runs visit and puts the folder back.
func (d tampered) flip(t *testing.T, path string, at int, visit func()) {
	t.Helper()
	keep := filepath.Join(t.TempDir(), "kept")
	if err := os.CopyFS(keep, os.DirFS(d.dir)); err != nil {
		t.Fatal(err)
	}
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	body[at] ^= byte(1 + d.random.IntN(255))
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	visit()
	if err := os.RemoveAll(d.dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(keep, d.dir); err != nil {
		t.Fatal(err)
	}
}

// verify runs evident verify; the failures are those it found.
func (d tampered) verify(t *testing.T) (code int, failures []node.Failure) {
	t.Helper()
	o := evident(t, nil, "verify", "--json", "--data", d.dir)
	var v node.Verification
	if o.code != exitUsage {
		if err := json.Unmarshal([]byte(o.stdout), &v); err != nil {
			t.Fatalf("verify printed %q: %v", o.stdout, err)
		}
	} else {
		t.Logf("verify could not run: %s", o.stderr)
	}
	return o.code, v.Failures
}

// ingested makes a data folder with findings, several entries, and, at its
// end, entries of a killed ingest that are journaled but not sealed.
func ingested(t *testing.T, killed bool) tampered {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	d := tampered{filepath.Join(t.TempDir(), "d"), rand.New(rand.NewPCG(seed, 1))}
	in := filepath.Join(t.TempDir(), "events.ndjson")
	writeEvents(t, in, 1600)
	evident(t, nil, "ingest", "--data", d.dir, in).done(t)
	if !killed {
		return d
	}
	before := folderSize(filepath.Join(d.dir, "journal"))
	writeEvents(t, in, 200_000)
	cmd := evidentCommand(t, "ingest", "--again", "--data", d.dir, in)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "unsealed entries", func() bool {
		return folderSize(filepath.Join(d.dir, "journal")) > before+(1<<20)
	})
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	return d
}

// TestTamperOriginals changes one byte anywhere in the original bytes, many
// times over: every time a record is named.
func TestTamperOriginals(t *testing.T) {
	d := ingested(t, false)
	if code, failures := d.verify(t); code != exitDone {
		t.Fatalf("untouched: exit code %d, %v", code, failures)
	}
	path := d.file(t, "lake/originals/*")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	flips := 40
	if testing.Short() {
		flips = 8
	}
	byRecord := 0
	for range flips {
		at := d.random.IntN(int(info.Size()))
		d.flip(t, path, at, func() {
			code, failures := d.verify(t)
			record, all := "", ""
			for _, f := range failures {
				if f.Class == "record" || f.Class == "entry" {
					record = f.Where
				}
				all += f.Where + "\n"
			}
			if code != exitWrong || !ranged.MatchString(all) {
				t.Errorf("byte %d of %d: exit code %d, failures %v", at, info.Size(), code, failures)
			}
			if record != "" {
				byRecord++ // else it was in the file's index, not in a record's bytes
			}
		})
	}
	t.Logf("%d of %d changes led to single records or entries", byRecord, flips)
	if byRecord < flips/3 {
		t.Errorf("only %d of %d changes led to a single record", byRecord, flips)
	}
}

// TestTamperEveryFile changes a byte in every kind of file that is stored.
func TestTamperEveryFile(t *testing.T) {
	d := ingested(t, true)
	if code, failures := d.verify(t); code != exitDone {
		t.Fatalf("untouched: exit code %d, %v", code, failures)
	}
	for _, c := range []struct {
		file string // pattern
		text string // the byte is in the first occurrence of it; "" anywhere
	}{
		{"lake/originals/*", "EVSEAL1"},
		{"lake/data/*", ""},
		{"lake/data/*", "PAR1"},
		{"lake/catalog.db", "SQLite format"},
		{"lake/catalog.db", ".parquet"},
		{"ledger/log/checkpoint", ""},
		{"ledger/log/checkpoint", "\n"},
		{"ledger/log/tile/0/.*", ""},
		{"ledger/log/tile/entries/.*", "seq "},
		{"ledger/log/tile/entries/.*", ""},
		{"ledger/verifier.pub", "+"},
		{"journal/.*[.]blk", `"Channel"`},
		{"journal/.*[.]blk", `"RecordNumber":`},
		{"state.db", "SQLite format"},
		{"state.db", "Windows Event Log Cleared"},
		{"state.db", `"class_uid"`},
	} {
		t.Run(strings.NewReplacer("/", " ", "\n", "newline").Replace(c.file+" "+c.text), func(t *testing.T) {
			path := d.newest(t, c.file)
			body, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if len(body) == 0 {
				t.Fatalf("%s is empty", path)
			}
			at := d.random.IntN(len(body))
			if c.text != "" {
				if at = bytes.LastIndex(body, []byte(c.text)); at < 0 {
					t.Fatalf("%s does not hold %q", path, c.text)
				}
				at += d.random.IntN(len(c.text))
			}
			d.flip(t, path, at, func() {
				code, failures := d.verify(t)
				if code != exitWrong || len(failures) == 0 {
					t.Fatalf("%s byte %d: exit code %d, failures %v", path, at, code, failures)
				}
				if all := fmt.Sprint(failures); !naming.MatchString(all) {
					t.Errorf("%s byte %d: %s names nothing", path, at, all)
				}
				t.Logf("byte %d: %v", at, failures[0])
			})
		})
	}
	if code, failures := d.verify(t); code != exitDone {
		t.Fatalf("put back: exit code %d, %v", code, failures)
	}
}

// TestTamperAnything changes random bytes of random files: verify may miss a
// byte that means nothing, but never panics and never says more than it knows.
func TestTamperAnything(t *testing.T) {
	d := ingested(t, true)
	flips := 25
	if testing.Short() {
		flips = 5
	}
	for range flips {
		path := d.file(t, ".*")
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(body) == 0 {
			continue
		}
		at := d.random.IntN(len(body))
		d.flip(t, path, at, func() {
			code, failures := d.verify(t)
			rel, _ := filepath.Rel(d.dir, path)
			t.Logf("%s byte %d: exit code %d, %d failures", rel, at, code, len(failures))
		})
	}
}
