package daykey

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/internal/durable"
)

func open(tb rapid.TB, dir string) *Ring {
	tb.Helper()
	r, err := Open(Config{Dir: dir})
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// TestRing does what a lake does with keys, at random, and compares with a list
// of what has to be there.
func TestRing(t *testing.T) {
	type sealed struct {
		id   string
		text []byte
	}
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "daykey-*")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		ring := open(t, filepath.Join(dir, "keys"))
		live := map[string][]string{} // by day
		next := map[string]int{}
		gone := map[string]bool{}
		var kept []sealed
		day := rapid.SampledFrom([]string{"2026-11-21", "2026-11-22", "2026-11-23"})
		made := func(t *rapid.T, day, id string) {
			if want := fmt.Sprintf("%s.%d", day, next[day]); id != want {
				t.Fatalf("new key is %s, want %s", id, want)
			}
			next[day]++
			live[day] = append(live[day], id)
		}
		t.Repeat(map[string]func(*rapid.T){
			"encrypt": func(t *rapid.T) {
				d := day.Draw(t, "day")
				id, key, err := ring.Current(d)
				if err != nil {
					t.Fatal(err)
				}
				if n := len(live[d]); n == 0 || gone[live[d][n-1]] {
					made(t, d, id)
				} else if id != live[d][n-1] {
					t.Fatalf("current key is %s, want %s", id, live[d][n-1])
				}
				text, err := key.Encrypt([]byte("text of "+id), nil)
				if err != nil {
					t.Fatal(err)
				}
				kept = append(kept, sealed{id, text})
			},
			"renew": func(t *rapid.T) {
				d := day.Draw(t, "day")
				id, err := ring.Renew(d)
				if err != nil {
					t.Fatal(err)
				}
				made(t, d, id)
			},
			"destroy": func(t *rapid.T) {
				d := day.Draw(t, "day")
				if len(live[d]) == 0 {
					return
				}
				id := rapid.SampledFrom(live[d]).Draw(t, "key")
				if err := ring.Destroy(id, "a test"); err != nil {
					t.Fatal(err)
				}
				gone[id] = true
			},
			"open again": func(t *rapid.T) { ring = open(t, filepath.Join(dir, "keys")) },
			"": func(t *rapid.T) {
				for _, s := range kept {
					key, err := ring.Get(s.id)
					if gone[s.id] {
						if !errors.Is(err, ErrDestroyed) || !Missing(err) {
							t.Fatalf("destroyed key %s: %v", s.id, err)
						}
						continue
					}
					if err != nil {
						t.Fatal(err)
					}
					if text, err := key.Decrypt(s.text, nil); err != nil || string(text) != "text of "+s.id {
						t.Fatalf("key %s gives %q, %v", s.id, text, err)
					}
				}
				for d, ids := range live {
					want := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return gone[id] })
					if got := ring.Live(d); !slices.Equal(got, want) {
						t.Fatalf("keys of %s: %v, want %v", d, got, want)
					}
				}
			},
		})
	})
}

// TestUnusable puts key files out of order, one by one, and wants the line that
// tells a person what to do.
func TestUnusable(t *testing.T) {
	const day = "2026-11-22"
	for name, c := range map[string]struct {
		spoil func(t *testing.T, dir string)
		kind  error
		says  string
		other bool // another day's key is still of use
	}{
		"master missing": {func(t *testing.T, dir string) {
			must(t, os.Remove(filepath.Join(dir, masterFile)))
		}, ErrMaster, "put it back, or name it with EVIDENT_MASTER_KEY", false},
		"master damaged": {func(t *testing.T, dir string) {
			must(t, os.WriteFile(filepath.Join(dir, masterFile), []byte("{}"), 0o600))
		}, ErrMaster, "holds no key set", false},
		"another master": {func(t *testing.T, dir string) {
			other := filepath.Join(t.TempDir(), "keys")
			if _, _, err := open(t, other).Current(day); err != nil {
				t.Fatal(err)
			}
			b, err := os.ReadFile(filepath.Join(other, masterFile))
			must(t, err)
			must(t, os.WriteFile(filepath.Join(dir, masterFile), b, 0o600))
		}, ErrWrong, day, false},
		"day key missing": {func(t *testing.T, dir string) {
			must(t, os.Remove(filepath.Join(dir, day+".0.json")))
		}, ErrMissing, day + ".0.json", true},
		"day key damaged": {func(t *testing.T, dir string) {
			path := filepath.Join(dir, day+".0.json")
			b, err := os.ReadFile(path)
			must(t, err)
			at := bytes.Index(b, []byte(`"encryptedKeyset":"`)) + 40
			b[at] ^= 1
			must(t, os.WriteFile(path, b, 0o600))
		}, ErrWrong, day, true},
		"key of another day in its place": {func(t *testing.T, dir string) {
			b, err := os.ReadFile(filepath.Join(dir, "2026-11-23.0.json"))
			must(t, err)
			must(t, os.WriteFile(filepath.Join(dir, day+".0.json"), b, 0o600))
		}, ErrWrong, day, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "keys")
			ring := open(t, dir)
			id, _, err := ring.Current(day)
			must(t, err)
			_, _, err = ring.Current("2026-11-23")
			must(t, err)
			c.spoil(t, dir)
			ring = open(t, dir)
			if _, err = ring.Get(id); !errors.Is(err, c.kind) || !Missing(err) ||
				!strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v", err)
			}
			if c.kind == ErrMaster && !errors.Is(ring.Broken(), ErrMaster) {
				t.Errorf("Broken: %v", ring.Broken())
			}
			if _, _, err := ring.Current("2026-11-24"); c.kind == ErrMaster && !errors.Is(err, ErrMaster) {
				t.Errorf("a new key without the master key: %v", err)
			}
			if _, err := ring.Get("2026-11-23.0"); (err == nil) != c.other {
				t.Errorf("key of another day: %v", err)
			}
			if _, err := os.Stat(filepath.Join(dir, masterFile)); name == "master missing" && err == nil {
				t.Error("a lost master key was replaced")
			}
		})
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// TestMasterElsewhere keeps the master key outside: no key file alone opens
// anything.
func TestMasterElsewhere(t *testing.T) {
	dir, master := filepath.Join(t.TempDir(), "keys"), filepath.Join(t.TempDir(), "evident-master.json")
	ring, err := Open(Config{Dir: dir, Master: master})
	must(t, err)
	must(t, ring.Broken())
	id, _, err := ring.Current("2026-11-22")
	must(t, err)
	for path, want := range map[string]bool{master: true, filepath.Join(dir, masterFile): false} {
		info, err := os.Stat(path)
		if (err == nil) != want || want && info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	if ring = open(t, dir); !errors.Is(ring.Broken(), ErrMaster) {
		t.Errorf("without the master key: %v", ring.Broken())
	}
	ring, err = Open(Config{Dir: dir, Master: master})
	must(t, err)
	if _, err := ring.Get(id); err != nil {
		t.Error(err)
	}
	must(t, os.Chmod(master, 0o644)) // as a copy may leave it
	_, err = Open(Config{Dir: dir, Master: master})
	must(t, err)
	if info, err := os.Stat(master); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the master key may be read by others: %v, %v", info, err)
	}
}

// TestInterruptedDestruction leaves what a kill may leave and opens again.
func TestInterruptedDestruction(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	id, _, err := open(t, dir).Current("2026-11-22")
	must(t, err)
	note := []byte(`{"time":"2026-11-22T10:00:00Z","reason":"tombstone 7-0"}`)
	must(t, os.WriteFile(filepath.Join(dir, id+goneSuffix), note, 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "2026-11-23.0.json"+durable.Suffix), []byte(`{"encr`), 0o600))
	ring := open(t, dir)
	if _, err := ring.Get(id); !errors.Is(err, ErrDestroyed) || !strings.Contains(err.Error(), "tombstone 7-0") {
		t.Error(err)
	}
	for _, name := range []string{id + keySuffix, "2026-11-23.0.json" + durable.Suffix} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
	keys := ring.Keys()
	if len(keys) != 1 || keys[0].Destroyed == nil || keys[0].Problem != "" {
		t.Errorf("keys: %+v", keys)
	}
	next, _, err := ring.Current("2026-11-22")
	if err != nil || next != "2026-11-22.1" {
		t.Errorf("next key: %s, %v", next, err)
	}
}

// TestLostKeyIsNotMadeAgain: what comes after a key was lost is under another
// name, so that the lost one can be put back.
func TestLostKeyIsNotMadeAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	id, _, err := open(t, dir).Current("2026-11-22")
	must(t, err)
	kept, err := os.ReadFile(filepath.Join(dir, id+keySuffix))
	must(t, err)
	must(t, os.Remove(filepath.Join(dir, id+keySuffix)))
	ring := open(t, dir)
	ring.Known([]string{id, "", "no identifier"})
	next, _, err := ring.Current("2026-11-22")
	if err != nil || next != "2026-11-22.1" {
		t.Fatalf("next key: %s, %v", next, err)
	}
	if _, err := ring.Get(id); !errors.Is(err, ErrMissing) {
		t.Errorf("lost key: %v", err)
	}
	must(t, os.WriteFile(filepath.Join(dir, id+keySuffix), kept, 0o600))
	if _, err := ring.Get(id); err != nil {
		t.Errorf("the key that was put back: %v", err)
	}
}
