package ledger_test

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

	"github.com/evident-sec/evident/internal/ledger"
)

// killDirEnv makes the test binary the child of TestKill; killRoundsEnv and
// killSeedEnv set the number of kills and repeat a run.
const (
	killDirEnv    = "EVIDENT_LEDGER_KILL_DIR"
	killRoundsEnv = "EVIDENT_KILL_ROUNDS"
	killSeedEnv   = "EVIDENT_KILL_SEED"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(killDirEnv); dir != "" {
		fmt.Fprintln(os.Stderr, appendUntilKilled(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// appendUntilKilled goes on where the ledger ended, in bursts of random size,
// and prints how many entries are sealed.
func appendUntilKilled(dir string) error {
	ctx := context.Background()
	fmt.Println(0) // also kill while it opens
	l, err := ledger.Open(ctx, ledger.Config{Dir: dir, CheckpointInterval: 100 * time.Millisecond})
	if err != nil {
		return err
	}
	for {
		for range 1 + rand.IntN(100) {
			if err := l.Append(ctx, manifest(l.Next())); err != nil {
				return err
			}
		}
		time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
		fmt.Println(l.Sealed())
	}
}

// TestKill kills a process that appends, at random moments, and checks after
// each restart that the ledger goes on without gap or repetition and verifies.
func TestKill(t *testing.T) {
	rounds, seed := envInt(killRoundsEnv, 25), envInt(killSeedEnv, int(time.Now().UnixNano()))
	t.Logf("%d kills, seed %d", rounds, seed)
	rng := rand.New(rand.NewPCG(uint64(seed), 1))
	dir := t.TempDir()
	var sealed, unsealed uint64
	for round := range rounds {
		sealed = max(sealed, killChild(t, dir, time.Duration(rng.IntN(500_000))*time.Microsecond))
		l := open(t, dir)
		if l.Next() <= sealed {
			t.Fatalf("round %d: %d entries were sealed, Next is %d", round, sealed, l.Next())
		}
		unsealed += l.Next() - 1 - l.Sealed()
		fill(t, l, l.Next()+2)
		if n := verified(t, l); n != l.Next()-1 {
			t.Fatalf("round %d: %d entries verify, Next is %d", round, n, l.Next())
		}
		sealed = l.Sealed()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d entries, %d of them integrated but not sealed at a kill", sealed, unsealed)
}

func killChild(t *testing.T, dir string, after time.Duration) (sealed uint64) {
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
		if n == 0 {
			time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
		if sealed, err = strconv.ParseUint(lines.Text(), 10, 64); err != nil {
			t.Fatalf("child printed %q", lines.Text())
		}
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != -1 {
		t.Fatalf("child ended by itself: %v", err)
	}
	return sealed
}

func envInt(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}
