package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/evident-sec/evident/internal/source"
)

// outcome is how one command ended.
type outcome struct {
	code           int
	stdout, stderr string
	rss            int64 // largest resident set, bytes
}

// evident runs the real command to its end.
func evident(t *testing.T, stdin io.Reader, args ...string) outcome {
	t.Helper()
	cmd := evidentCommand(t, args...)
	cmd.Stdin = stdin
	return ended(t, cmd)
}

// ended runs the command to its end, whatever its exit code.
func ended(t *testing.T, cmd *exec.Cmd) outcome {
	t.Helper()
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	use, _ := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	o := outcome{cmd.ProcessState.ExitCode(), out.String(), errOut.String(), use.Maxrss * 1024}
	if strings.Contains(o.stderr, "panic") || strings.Contains(o.stderr, "goroutine ") {
		t.Fatalf("%q panicked:\n%s", cmd.Args[1:], o.stderr)
	}
	return o
}

// refused wants exit code 2 and one line that says all of the words.
func (o outcome) refused(t *testing.T, words ...string) {
	t.Helper()
	if o.code != exitUsage || strings.Count(o.stderr, "\n") != 1 {
		t.Errorf("exit code %d, want 2 and one line:\n%s%s", o.code, o.stdout, o.stderr)
	}
	for _, word := range words {
		if !strings.Contains(o.stderr, word) {
			t.Errorf("%q does not say %q", o.stderr, word)
		}
	}
}

// done wants exit code 0.
func (o outcome) done(t *testing.T) outcome {
	t.Helper()
	if o.code != exitDone {
		t.Fatalf("exit code %d:\n%s%s", o.code, o.stdout, o.stderr)
	}
	return o
}

// report reads the report of ingest --json.
func (o outcome) report(t *testing.T) (r struct {
	Files, Records, Already, Skipped int64
	Problems                         []source.Problem
},
) {
	t.Helper()
	if err := json.Unmarshal([]byte(o.stdout), &r); err != nil {
		t.Fatalf("read report %q: %v\n%s", o.stdout, err, o.stderr)
	}
	return r
}

func write(t *testing.T, path string, body []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// lines are n distinct events, marked so that they can be told apart.
func lines(mark string, n int) []byte {
	var out bytes.Buffer
	for i := range n {
		fmt.Fprintf(&out, `{"Channel":"Security","EventID":4624,"Hostname":"%s","RecordNumber":%d,"Pad":"%x"}`+"\n",
			mark, i+1, i*i*7919)
	}
	return out.Bytes()
}

func gzipped(body []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(body)
	w.Close()
	return out.Bytes()
}

// zipped packs members, given as name and body in turn.
func zipped(t *testing.T, members ...any) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i := 0; i < len(members); i += 2 {
		f, err := w.Create(members[i].(string))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(members[i+1].([]byte)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func tarred(t *testing.T, name string, body []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(body))}); err != nil {
		t.Fatal(err)
	}
	w.Write(body)
	w.Close()
	return out.Bytes()
}

// TestBadInput ingests a folder of broken and foreign files: each is one line,
// and the good parts around and inside them arrive.
func TestBadInput(t *testing.T) {
	deep := lines("deep", 1)
	for range 6 {
		deep = zipped(t, "x.zip", deep)
	}
	tail := lines("tail", 4000)
	cut := zipped(t, "a.json", lines("zip-a", 10), "b.json", lines("zip-b", 10), "c.json", tail)
	gz := gzipped(lines("gz", 4000))
	for _, c := range []struct {
		name string
		body []byte
		says string // the problem; "" for none
		min  int64  // records at least
	}{
		{"cut.zip", cut[:len(cut)-len(gzipped(tail))/2], "truncated", 500},
		{"directory.zip", cut[:len(cut)-30], "truncated", 4020},
		{"cut.json.gz", gz[:len(gz)/2], "truncated", 500},
		{"cut.tar", tarred(t, "a.json", lines("tar", 100))[:4096], "truncated", 10},
		{"nested.zip", zipped(t, "in.zip", zipped(t, "e.json.gz", gzipped(lines("nested", 3)))), "", 3},
		{"deep.zip", deep, "nested more than", 0},
		{"latin1.json", []byte("{\"EventID\":1,\"Hostname\":\"caf\xe9\"}\n"), "", 1},
		{"elf", append([]byte("\x7fELF\x02\x01\x01\x00"), make([]byte, 900)...), "binary", 0},
		{"picture.png", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00"), "binary", 0},
		{"System.evtx", append([]byte("ElfFile\x00"), make([]byte, 4088)...), "EVTX", 0},
		{"utf16.txt", []byte("\xff\xfe{\x00\"\x00a\x00\"\x00"), "UTF-16", 0},
		{"prose.txt", []byte("It was a dark and stormy night.\n"), "no log format", 0},
		{"noise.log", bytes.Repeat([]byte("\xc3\x28\xa0\xa1"), 500), "neither UTF-8", 0},
		{"empty.json", nil, "", 0},
		{"blank.json", []byte("\n\n \n"), "", 0},
		{"broken.json", []byte("[{\"a\":1},{\"b\":2} nonsense"), "not JSON", 2},
		{"good.json", lines("good", 7), "", 7},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			in := write(t, filepath.Join(dir, "in", c.name), c.body)
			o := evident(t, nil, "ingest", "--json", "--no-detect", "--data", filepath.Join(dir, "d"), in)
			want := exitDone
			if c.says != "" && c.min == 0 {
				want = exitUsage
			}
			r := o.report(t)
			if o.code != want || r.Records < c.min {
				t.Errorf("exit code %d, want %d; %d records, want %d or more; %s", o.code, want, r.Records,
					c.min, o.stderr)
			}
			if c.says == "" && len(r.Problems) == 0 {
				return
			}
			if len(r.Problems) != 1 || c.says == "" || !strings.Contains(r.Problems[0].Text, c.says) {
				t.Errorf("problems %v, want one that says %q", r.Problems, c.says)
			}
		})
	}
}

// TestCutThenWhole ingests a truncated file and then the whole one: every
// record is there once.
func TestCutThenWhole(t *testing.T) {
	whole := lines("host", 1700)
	for _, c := range []struct {
		name string
		body []byte
	}{
		{"plain", whole}, {"gz", gzipped(whole)}, {"zip", zipped(t, "a.json", whole)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			data := filepath.Join(dir, "d")
			in := write(t, filepath.Join(dir, "log"), c.body[:len(c.body)*2/3])
			first := evident(t, nil, "ingest", "--json", "--data", data, in).done(t).report(t)
			write(t, in, c.body)
			second := evident(t, nil, "ingest", "--json", "--data", data, in).done(t).report(t)
			// The record that was cut in two stays as its own fragment.
			if got := first.Records - 1 + second.Records; got != 1700 || second.Already != first.Records-1 {
				t.Errorf("%d records, then %d and %d already here, want 1700 in all", first.Records,
					second.Records, second.Already)
			}
		})
	}
}

// endless is a text of n times the letter a.
func endless(n int64) io.Reader { return io.LimitReader(letters{}, n) }

type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

// TestLongLine ingests a line of 200 MB from a file, from an archive and from
// standard input, within bounded memory.
func TestLongLine(t *testing.T) {
	const size, bound = 200 << 20, 700 << 20
	long := func() io.Reader {
		return io.MultiReader(bytes.NewReader(lines("before", 3)), strings.NewReader(`{"EventID":1,"x":"`),
			endless(size), strings.NewReader("\"}\n"), bytes.NewReader(lines("after", 2)))
	}
	dir := t.TempDir()
	plain, err := os.Create(filepath.Join(dir, "plain.json"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(plain, long()); err != nil {
		t.Fatal(err)
	}
	plain.Close()
	var gz bytes.Buffer
	w, _ := gzip.NewWriterLevel(&gz, gzip.BestSpeed)
	io.Copy(w, long())
	w.Close()
	for name, path := range map[string]string{
		"file": plain.Name(), "gz": write(t, filepath.Join(dir, "long.json.gz"), gz.Bytes()), "stdin": "-",
	} {
		o := evident(t, long(), "ingest", "--json", "--data", filepath.Join(dir, name), path).done(t)
		r := o.report(t)
		if r.Records != 5 || r.Skipped != 1 || !strings.Contains(o.stderr, "more than the") {
			t.Errorf("%s: %d records, %d skipped, %s", name, r.Records, r.Skipped, o.stderr)
		}
		t.Logf("%s: at most %d MB of memory", name, o.rss>>20)
		if o.rss > bound {
			t.Errorf("%s: took %d MB of memory, want at most %d", name, o.rss>>20, bound>>20)
		}
	}
}

// TestUnreadable ingests a folder with a file that the account may not read.
func TestUnreadable(t *testing.T) {
	dir, err := os.MkdirTemp("", "evident-unreadable-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	write(t, filepath.Join(dir, "in/a.json"), lines("a", 2))
	write(t, filepath.Join(dir, "in/b.json"), lines("b", 2))
	if err := os.Chmod(filepath.Join(dir, "in/a.json"), 0); err != nil {
		t.Fatal(err)
	}
	cmd := asNobody(t, dir, "ingest", "--json", "--data", filepath.Join(dir, "d"), filepath.Join(dir, "in"))
	o := ended(t, cmd).done(t)
	r := o.report(t)
	if r.Records != 2 || len(r.Problems) != 1 || !strings.Contains(o.stderr, "permission denied") {
		t.Errorf("%d records, problems %v, %s", r.Records, r.Problems, o.stderr)
	}
}

// asNobody is the command under an account that file modes bind; dir becomes
// that account's.
func asNobody(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := evidentCommand(t, args...)
	if os.Getuid() != 0 {
		return cmd
	}
	const nobody = 65534
	exe := filepath.Join(dir, "evident")
	if err := os.Link(cmd.Path, exe); err != nil {
		body, err := os.ReadFile(cmd.Path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(exe, body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(exe, 0o755); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil || path == exe {
			return err
		}
		return os.Lchown(path, nobody, nobody)
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd.Path = exe
	cmd.Dir = dir
	cmd.Env = append(cmd.Env, "HOME="+dir, "TMPDIR="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	return cmd
}

// TestInterrupt sends SIGINT in the middle of an ingest: it ends soon, says so
// in one line, and the same command goes on from there.
func TestInterrupt(t *testing.T) {
	const events = 60_000
	dir := t.TempDir()
	input, data := filepath.Join(dir, "events.ndjson"), filepath.Join(dir, "d")
	writeEvents(t, input, events)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 2))
	for range 4 {
		cmd := evidentCommand(t, "ingest", "--data", data, input)
		var out bytes.Buffer
		cmd.Stderr = &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		waitFor(t, "the ingest to begin", func() bool {
			owner, _ := os.ReadFile(filepath.Join(data, "lock"))
			return bytes.Contains(owner, fmt.Appendf(nil, `"pid":%d,`, cmd.Process.Pid))
		})
		time.Sleep(time.Duration(random.IntN(1200)) * time.Millisecond)
		interrupt(t, cmd)
		outcome{code: cmd.ProcessState.ExitCode(), stderr: out.String()}.refused(t, "interrupted", "goes on")
	}
	evident(t, nil, "ingest", "--data", data, input).done(t)
	checkOnce(t, data, events)
}

// TestInterruptWaiting sends SIGINT while standard input is silent.
func TestInterruptWaiting(t *testing.T) {
	dir := t.TempDir()
	cmd := evidentCommand(t, "ingest", "--data", filepath.Join(dir, "d"), "-")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Write(lines("live", 1)); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the journal", func() bool { return folderSize(filepath.Join(dir, "d/journal")) > 0 })
	time.Sleep(time.Second) // the record leaves after half a second
	interrupt(t, cmd)
	o := evident(t, bytes.NewReader(lines("live", 1)), "ingest", "--json", "--data", filepath.Join(dir, "d"), "-")
	if r := o.done(t).report(t); r.Already != 1 || r.Records != 0 {
		t.Errorf("%d records, %d here already, want the one from before", r.Records, r.Already)
	}
}

// interrupt sends SIGINT and wants the end within seconds.
func interrupt(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	began := time.Now()
	select {
	case <-done:
		t.Logf("ended %v after SIGINT", time.Since(began).Round(time.Millisecond))
	case <-time.After(20 * time.Second):
		_ = cmd.Process.Kill()
		<-done
		t.Fatal("still runs 20 s after SIGINT")
	}
}

// waitFor polls until ok, at most 30 s.
func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited 30 s for %s", what)
		}
	}
}

func folderSize(dir string) int64 {
	var total int64
	_ = filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			total += info.Size()
		}
		return nil
	})
	return total
}
