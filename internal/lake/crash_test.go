package lake_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evident-sec/evident/internal/daykey"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/lake/laketest"
)

const crashDir = "EVIDENT_LAKE_CRASH_DIR"

// TestMain makes the test binary, started by TestKill, the process to kill.
func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		if err := appendForever(dir); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
	}
	if dir := os.Getenv(eraseDir); dir != "" {
		if err := eraseAll(dir); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func crashRecords(seq uint64) int { return int(seq%9) + 1 }

// appendForever appends entries after the watermark, seals now and then, and
// says what is sealed.
func appendForever(dir string) error {
	ctx := context.Background()
	ring, err := daykey.Open(daykey.Config{Dir: dir + ".keys"})
	if err != nil {
		return err
	}
	l, err := lake.Open(ctx, lake.Config{Dir: dir, SealEvents: 60, Keys: ring})
	if err != nil {
		return err
	}
	go compactForever(ctx, l)
	said := l.Watermark()
	fmt.Println("sealed", said)
	for seq := said + 1; ; seq++ {
		e, evs := laketest.Made(seq, crashRecords(seq))
		if err := l.Append(ctx, e, evs); err != nil {
			return err
		}
		if seq%17 == 0 {
			if err := l.Seal(ctx); err != nil {
				return err
			}
		}
		if now := l.Watermark(); now != said {
			said = now
			fmt.Println("sealed", said)
		}
	}
}

// compactForever merges what is sealed and wipes what was replaced, beside the
// writer, so that kills fall into that too.
func compactForever(ctx context.Context, l *lake.Table) {
	for {
		_, err := l.Compact(ctx, lake.CompactOptions{All: true, Rows: 900, Both: l.Watermark()%2 == 0})
		if err == nil {
			err = l.Dispose(ctx, 0)
		}
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
	}
}

// TestKill kills a process at random points that writes and compacts. Whatever
// it had reported as sealed must be there afterwards, once, with nothing else
// around.
func TestKill(t *testing.T) {
	kills := 26
	if testing.Short() {
		kills = 5
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	var checked uint64
	left := 0
	for range kills {
		acked := killAfter(t, dir, time.Duration(1+rnd.IntN(200))*time.Millisecond)
		left += len(leftOver(t, dir))
		checked = checkAfterKill(t, dir, acked, checked)
	}
	t.Logf("%d kills, %d entries sealed, %d left-over files removed", kills, checked, left)
}

// killAfter runs the writer, kills it some time after its first report and
// returns the last watermark it reported.
func killAfter(t *testing.T, dir string, wait time.Duration) (acked uint64) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(time.Hour, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	for sc := bufio.NewScanner(out); sc.Scan(); {
		if _, err := fmt.Sscanf(sc.Text(), "sealed %d", &acked); err != nil {
			t.Fatalf("writer said %q", sc.Text())
		}
		if wait > 0 {
			timer.Reset(wait)
			wait = 0
		}
	}
	_ = cmd.Wait()
	return acked
}

// leftOver lists data files that no one should find after Open.
func leftOver(t *testing.T, dir string) []string {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(dir, "pending", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return left
}

func checkAfterKill(t *testing.T, dir string, acked, checked uint64) uint64 {
	t.Helper()
	var log bytes.Buffer
	handler := slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})
	ring, err := daykey.Open(daykey.Config{Dir: dir + ".keys"})
	if err != nil {
		t.Fatal(err)
	}
	l, err := lake.Open(t.Context(), lake.Config{Dir: dir, Log: slog.New(handler), Keys: ring})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	// A warning would say that iceberg and the facts disagreed.
	if log.Len() != 0 {
		t.Errorf("open warned: %s", log.String())
	}
	if l.Watermark() < acked || l.Watermark() < checked {
		t.Fatalf("watermark is %d, %d was sealed", l.Watermark(), max(acked, checked))
	}
	s, err := l.Snapshot(t.Context(), time.Time{}, time.Time{})
	if err != nil || s.Through != l.Watermark() {
		t.Fatalf("snapshot through %d, watermark %d: %v", s.Through, l.Watermark(), err)
	}
	names, merged := []string{}, 0
	next := uint64(1)
	for _, f := range s.Files {
		if f.FirstEntry != next {
			t.Fatalf("file begins at %d, want %d", f.FirstEntry, next)
		}
		next = f.LastEntry + 1
		names = append(names, filepath.Base(f.Path))
		if f.LastEntry > checked || f.Generation() > 0 {
			checkCrashFile(t, l, f)
			merged = max(merged, f.Generation())
		}
	}
	if next != s.Through+1 {
		t.Fatalf("files end at %d, watermark is %d", next-1, s.Through)
	}
	checkFolder(t, filepath.Join(dir, "data"), names)
	checkFolder(t, filepath.Join(dir, "originals"), names)
	checkFolder(t, filepath.Join(dir, "pending"), nil)
	t.Logf("%d files of entries to %d, %d generations", len(s.Files), s.Through, merged)
	return s.Through
}

func checkCrashFile(t *testing.T, l *lake.Table, f lake.File) {
	t.Helper()
	if err := l.Verify(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	seq, rows := f.FirstEntry, 0
	for e, err := range l.Entries(t.Context(), f) {
		if err != nil {
			t.Fatal(err)
		}
		want, _ := laketest.Made(seq, crashRecords(seq))
		if diff := cmp.Diff(want, e); diff != "" {
			t.Fatalf("entry %d:\n%s", seq, diff)
		}
		rows += len(e.Records)
		seq++
	}
	err := l.Rows(t.Context(), f, func(_ *lake.Row, err error) error { rows--; return err })
	if err != nil || rows != 0 || seq != f.LastEntry+1 {
		t.Fatalf("%s: %d rows too few, entries end before %d: %v", f.Path, rows, seq, err)
	}
}

func checkFolder(t *testing.T, dir string, want []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%s holds\n%s\nwant\n%s", dir, strings.Join(got, " "), strings.Join(want, " "))
	}
}
