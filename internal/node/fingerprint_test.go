package node

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestFingerprint changes a folder in ways that matter and in ways that do not.
func TestFingerprint(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(file(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	write("a.yml", "one")
	write("deep/b.YAML", "two")
	write("../target.yml", "three")
	ok(os.Symlink(file("../target.yml"), file("link.yml")))
	was, err := os.Stat(file("a.yml"))
	ok(err)
	for _, step := range []struct {
		name    string
		matters bool
		do      func()
	}{
		{"nothing", false, func() {}},
		{"a file that is no rule", false, func() { write("notes.txt", "x") }},
		{"a folder", false, func() { ok(os.Mkdir(file("empty"), 0o700)) }},
		{"a new rule", true, func() { write("c.yml", "x") }},
		{"a rule less", true, func() { ok(os.Remove(file("c.yml"))) }},
		{"another size", true, func() { write("a.yml", "longer") }},
		{"the same size and time, other text", true, func() {
			write("a.yml", "ONE")
			ok(os.Chtimes(file("a.yml"), was.ModTime(), was.ModTime()))
		}},
		{"another name", true, func() { ok(os.Rename(file("a.yml"), file("z.yml"))) }},
		{"a licence", true, func() { write("LICENSE", "Detection Rule License") }},
		{"what a link means", true, func() { write("../target.yml", "four!") }},
		{"a link to nothing", true, func() { ok(os.Remove(file("../target.yml"))) }},
		{"the whole folder", true, func() { ok(os.RemoveAll(dir)) }},
	} {
		before := fingerprintOf([]string{dir})
		time.Sleep(10 * time.Millisecond) // the clock of files may be coarse
		step.do()
		if changed := fingerprintOf([]string{dir}) != before; changed != step.matters {
			t.Errorf("%s: changed %v, want %v", step.name, changed, step.matters)
		}
	}
}
