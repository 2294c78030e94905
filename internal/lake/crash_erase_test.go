package lake_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/lake"
)

const eraseDir = "EVIDENT_LAKE_ERASE_DIR"

// tombstone is the entry that stands for what the test erases.
const tombstone = 4711

func toErase(id event.ID) uint64 {
	if id.Leaf == 0 {
		return tombstone
	}
	return 0
}

// eraseAll erases the first record of every entry, file by file.
func eraseAll(dir string) error {
	ctx := context.Background()
	l, err := lake.Open(ctx, lake.Config{Dir: dir})
	if err != nil {
		return err
	}
	defer l.Close()
	fmt.Println("opened")
	for _, f := range l.Files() {
		if f.Generation() > 0 {
			continue
		}
		if _, err := l.Erase(ctx, f, nil, toErase); err != nil {
			return err
		}
	}
	return nil
}

// TestKillErase kills an erasure at random points, again and again: a file is
// as it was or rewritten whole, nothing else is lost, and in the end all that
// was to go is gone.
func TestKillErase(t *testing.T) {
	kills := 10
	if testing.Short() {
		kills = 3
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	l := manyFiles(t, dir, 120, 8)
	before, rows := contents(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for range kills {
		killErase(t, dir, time.Duration(50+rnd.IntN(700))*time.Millisecond)
		l, err := lake.Open(t.Context(), lake.Config{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		done := checkErased(t, l, before, rows)
		t.Logf("%d of %d files erased", done, len(l.Files()))
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := eraseAll(dir); err != nil {
		t.Fatal(err)
	}
	l, err := lake.Open(t.Context(), lake.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if done := checkErased(t, l, before, rows); done != len(l.Files()) || done != 15 {
		t.Errorf("%d of %d files are erased", done, len(l.Files()))
	}
}

func killErase(t *testing.T, dir string, wait time.Duration) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), eraseDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(wait)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// checkErased wants each file whole or erased whole, and returns how many are
// erased.
func checkErased(t *testing.T, l *lake.Table, before []*event.Entry, rows map[event.ID]lake.Row) (done int) {
	t.Helper()
	after, left := contents(t, l)
	if len(after) != len(before) {
		t.Fatalf("%d entries, want %d", len(after), len(before))
	}
	generation := map[uint64]int{}
	for _, f := range l.Files() {
		for seq := f.FirstEntry; seq <= f.LastEntry; seq++ {
			generation[seq] = f.Generation()
		}
		done += min(f.Generation(), 1)
	}
	for i, e := range after {
		for j := range e.Records {
			id := event.ID{Entry: e.Seq, Leaf: uint32(j)}
			gone := generation[e.Seq] > 0 && toErase(id) != 0
			_, there := left[id]
			if gone != (e.Records[j].Erased != nil) || gone == there {
				t.Fatalf("record %s: erased %v, row there %v, want erased %v", id, e.Records[j].Erased, there, gone)
			}
			if !gone && string(e.Records[j].Raw) != string(before[i].Records[j].Raw) {
				t.Fatalf("record %s changed", id)
			}
			if want := rows[id]; there {
				got := left[id]
				if column := want.Differs(&got); column != "" {
					t.Fatalf("row %s: %s changed", id, column)
				}
			}
		}
	}
	return done
}
