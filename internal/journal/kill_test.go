package journal_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/journal"
	"github.com/evident-sec/evident/internal/journal/journaltest"
)

// killDirEnv makes the test binary the child of TestKill; killRoundsEnv and
// killSeedEnv set the number of kills and repeat a run.
const (
	killDirEnv    = "EVIDENT_JOURNAL_KILL_DIR"
	killRoundsEnv = "EVIDENT_KILL_ROUNDS"
	killSeedEnv   = "EVIDENT_KILL_SEED"
)

// appendUntilKilled appends from four writers, prints "seq id" after each
// acknowledgement and purges now and then.
func appendUntilKilled(dir string) error {
	ctx := context.Background()
	fmt.Println("0 0") // also kill while it opens
	s, err := journal.Open(ctx, journal.Config{Dir: dir})
	if err != nil {
		return err
	}
	first, last, err := s.Bounds(ctx)
	if err != nil {
		return err
	}
	var group errgroup.Group
	for w := range uint64(4) {
		group.Go(func() error {
			for i := uint64(0); ; i++ {
				id := last<<20 | w<<16 | i
				seq, err := s.Append(ctx, killEntry(id))
				if err != nil {
					return err
				}
				// One write, so that a line is whole or missing.
				fmt.Fprintf(os.Stdout, "%d %d\n", seq, id)
				if w == 0 && i%64 == 63 {
					if err := s.Purge(ctx, first+i/2); err != nil {
						return err
					}
				}
			}
		})
	}
	return group.Wait()
}

func killEntry(id uint64) *event.Entry {
	rng := rand.New(rand.NewPCG(id, 7))
	if rng.IntN(20) == 0 {
		return journaltest.Entry(id, 1, 1<<20)
	}
	return journaltest.Entry(id, 1+rng.IntN(50), rng.IntN(400))
}

// TestKill kills a process that appends, at random moments, and checks after
// each restart that every acknowledged entry is there with its content.
func TestKill(t *testing.T) {
	rounds, seed := envInt(killRoundsEnv, 25), envInt(killSeedEnv, int(time.Now().UnixNano()))
	t.Logf("%d kills, seed %d", rounds, seed)
	rng := rand.New(rand.NewPCG(uint64(seed), 1))
	dir := t.TempDir()
	acked := map[uint64]uint64{} // sequence to content id, over all rounds
	for round := range rounds {
		killChild(t, dir, time.Duration(rng.IntN(350_000))*time.Microsecond, acked)
		checkAcked(t, dir, round, acked)
	}
	t.Logf("%d entries acknowledged", len(acked))
}

func killChild(t *testing.T, dir string, after time.Duration, acked map[uint64]uint64) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), killDirEnv+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		if n == 0 { // the child runs: start the clock
			time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
		var seq, id uint64
		if _, err := fmt.Sscanf(lines.Text(), "%d %d", &seq, &id); err != nil {
			t.Fatalf("child printed %q", lines.Text())
		}
		if seq == 0 {
			continue
		}
		if other, ok := acked[seq]; ok {
			t.Fatalf("sequence %d given out twice: %d and %d", seq, other, id)
		}
		acked[seq] = id
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != -1 {
		t.Fatalf("child ended by itself: %v", err)
	}
}

func checkAcked(t *testing.T, dir string, round int, acked map[uint64]uint64) {
	t.Helper()
	s, err := journal.Open(t.Context(), journal.Config{Dir: dir})
	if err != nil {
		t.Fatalf("round %d: %v", round, err)
	}
	defer s.Close()
	first, last, err := s.Bounds(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for seq := range acked {
		if seq > last {
			t.Fatalf("round %d: acknowledged entry %d is lost, the journal ends at %d",
				round, seq, last)
		}
	}
	for seq := first; seq <= last; seq++ {
		e, err := s.Get(t.Context(), seq)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if id, ok := acked[seq]; ok {
			journaltest.Same(t, e, killEntry(id))
		}
	}
}

func envInt(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}
