package journal_test

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/evident-sec/evident/internal/faultfs"
	"github.com/evident-sec/evident/internal/journal"
)

// TestPowerCut takes the power away while entries are appended: what was written
// and not synced is gone, and every acknowledged entry is there all the same.
func TestPowerCut(t *testing.T) {
	rounds, seed := envInt(killRoundsEnv, 8), envInt(killSeedEnv, int(time.Now().UnixNano()))
	t.Logf("%d cuts, seed %d", rounds, seed)
	random := rand.New(rand.NewPCG(uint64(seed), 5))
	for _, options := range []string{"data=ordered", "data=writeback,nobarrier"} {
		dir := filepath.Join(t.TempDir(), "disk")
		disk, err := faultfs.NewDisk(dir+".img", dir, 512<<20, options)
		if errors.Is(err, faultfs.ErrUnsupported) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		acked := map[uint64]uint64{}
		for round := range rounds / 2 {
			cutChild(t, disk, filepath.Join(dir, "journal"), time.Duration(random.IntN(400))*time.Millisecond, acked)
			checkAcked(t, filepath.Join(dir, "journal"), round, acked)
			noLosses(t, filepath.Join(dir, "journal"))
		}
		t.Logf("%s: %d entries acknowledged", options, len(acked))
		if len(acked) == 0 {
			t.Error("nothing was acknowledged: the test shows nothing")
		}
		if err := disk.Close(); err != nil {
			t.Error(err)
		}
	}
}

// cutChild lets a child append until some time after it began, cuts the power,
// then kills it.
func cutChild(t *testing.T, disk *faultfs.Disk, dir string, after time.Duration, acked map[uint64]uint64) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), killDirEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	cut := make(chan error, 1)
	for n := 0; lines.Scan(); n++ {
		if n == 1 { // the first acknowledgement; "0 0" came before
			time.AfterFunc(after, func() {
				cut <- errors.Join(cmd.Process.Kill(), disk.Cut())
			})
		}
		var seq, id uint64
		if _, err := fmt.Sscanf(lines.Text(), "%d %d", &seq, &id); err == nil && seq != 0 {
			acked[seq] = id
		}
	}
	_ = cmd.Wait()
	if err := errors.Join(<-cut, disk.Restore()); err != nil {
		t.Fatal(err)
	}
}

func noLosses(t *testing.T, dir string) {
	t.Helper()
	s, err := journal.Open(t.Context(), journal.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, l := range s.Losses() {
		t.Errorf("%s", l.Sentence())
	}
}
