package witness_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/evident-sec/evident/internal/witness"
)

// killDirEnv makes the test binary the child of TestKill; the others set the
// number of kills and repeat a run.
const (
	killDirEnv    = "EVIDENT_WITNESS_KILL_DIR"
	killKeyEnv    = "EVIDENT_WITNESS_KILL_KEY"
	killRoundsEnv = "EVIDENT_KILL_ROUNDS"
	killSeedEnv   = "EVIDENT_KILL_SEED"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(killDirEnv); dir != "" {
		fmt.Fprintln(os.Stderr, serveUntilKilled(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// serveUntilKilled serves a witness and prints its address.
func serveUntilKilled(dir string) error {
	w, err := witness.Open(witness.Config{Dir: dir, Logs: []string{os.Getenv(killKeyEnv)}})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("http://" + listener.Addr().String())
	return http.Serve(listener, w.Handler())
}

// TestKill kills a witness at random moments while two sides of a fork are
// offered to it: of all cosignatures it ever gave, none contradict.
func TestKill(t *testing.T) {
	rounds, seed := envInt(killRoundsEnv, 30), envInt(killSeedEnv, int(time.Now().UnixNano()))
	t.Logf("%d kills, seed %d", rounds, seed)
	rng := rand.New(rand.NewPCG(uint64(seed), 1))
	signer, _ := logKey(t, origin)
	const fork, most = 10, 1500
	sides := []*history{newHistory(t, signer, most, fork, "'"), newHistory(t, signer, most, fork, "''")}
	k := &killed{t: t, dir: t.TempDir(), sides: sides, rng: rng, side: -1}
	for range rounds {
		k.round(time.Duration(rng.IntN(60_000)) * time.Microsecond)
	}
	t.Logf("%d cosignatures up to size %d, of side %d", k.cosigned, k.size, k.side)
	if k.side < 0 {
		t.Error("nothing behind the fork was ever cosigned")
	}
}

// killed is the state of a run of TestKill.
type killed struct {
	t        *testing.T
	dir      string
	sides    []*history
	rng      *rand.Rand
	size     int // largest cosigned size that was seen
	side     int // of the fork, once one behind it was cosigned; else -1
	cosigned int
}

// round offers checkpoints of both sides until the witness is gone.
func (k *killed) round(after time.Duration) {
	_, key := logKey(k.t, origin)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), killDirEnv+"="+k.dir, killKeyEnv+"="+key)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		k.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		k.t.Fatalf("witness does not start: %v", err)
	}
	time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	old := 0 // as the protocol wants it from who does not know better
	for k.offer(client, strings.TrimSpace(url), &old) {
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != -1 {
		k.t.Fatalf("witness ended by itself: %v", err)
	}
}

// offer sends one checkpoint of one side; false when the witness is gone.
func (k *killed) offer(client *http.Client, url string, old *int) bool {
	side, size := k.rng.IntN(2), min(*old+1+k.rng.IntN(8), len(k.sides[0].roots)-1)
	body := k.sides[side].request(k.t, *old, size)
	resp, err := client.Post(url+"/add-checkpoint", "text/plain", strings.NewReader(string(body)))
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return false
	}
	switch resp.StatusCode {
	case http.StatusOK:
		k.took(side, size)
		*old = size
	case http.StatusConflict:
		known, err := strconv.Atoi(strings.TrimSpace(string(answer)))
		if err != nil {
			return true // the other root at the same size
		}
		if known < k.size {
			k.t.Fatalf("the witness remembers size %d, it had cosigned %d", known, k.size)
		}
		*old = known
	case http.StatusUnprocessableEntity:
	default:
		k.t.Fatalf("%d %s", resp.StatusCode, answer)
	}
	return true
}

func (k *killed) took(side, size int) {
	const fork = 10
	k.cosigned++
	if size > fork && k.side >= 0 && side != k.side {
		k.t.Fatalf("side %d is cosigned at size %d, and side %d before", side, size, k.side)
	}
	if size > fork {
		k.side = side
	}
	if size < k.size {
		k.t.Fatalf("size %d is cosigned after %d", size, k.size)
	}
	k.size = size
}

func envInt(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}
