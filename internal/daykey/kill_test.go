package daykey

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// makeEnv makes the test binary the child of TestKilledWhileMaking.
const makeEnv = "EVIDENT_DAYKEY_MAKE_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(makeEnv); dir != "" {
		os.Exit(makeUntilKilled(dir))
	}
	os.Exit(m.Run())
}

// makeUntilKilled makes keys, destroys some, and says of each when it is done.
func makeUntilKilled(dir string) int {
	ring, err := Open(Config{Dir: dir})
	for i := 0; err == nil; i++ {
		day := fmt.Sprintf("2026-%02d-%02d", 1+i/28%12, 1+i%28)
		var id string
		if id, err = ring.Renew(day); err != nil {
			break
		}
		fmt.Println("made", id)
		if i%3 == 0 {
			fmt.Println("destroying", id)
			if err = ring.Destroy(id, "killed"); err == nil {
				fmt.Println("destroyed", id)
			}
		}
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// TestKilledWhileMaking kills a process that makes and destroys keys, at random
// moments: every key that was given out is of use, every key that was said to
// be destroyed is gone, and the folder opens.
func TestKilledWhileMaking(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	fate := map[string]string{}
	for range 12 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), makeEnv+"="+dir)
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for stop := random.IntN(60); lines.Scan(); stop-- {
			verb, id, _ := strings.Cut(lines.Text(), " ")
			fate[id] = verb
			if stop == 0 {
				must(t, cmd.Process.Kill())
			}
		}
		_ = cmd.Wait() // it was killed
		ring, err := Open(Config{Dir: dir})
		must(t, err)
		must(t, ring.Broken())
		for id, verb := range fate {
			_, err := ring.Get(id)
			if verb == "made" && err != nil || verb == "destroyed" && err == nil {
				t.Fatalf("%s, then: %v", verb, err)
			}
		}
	}
	if len(fate) < 12 {
		t.Fatalf("only %d keys were made", len(fate))
	}
}
