package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evident-sec/evident/proof"
)

// witnessProcess is a running evident witness.
type witnessProcess struct {
	cmd      *exec.Cmd
	dir      string
	key, url string
}

func startWitness(t *testing.T, ledgerKey, name string) *witnessProcess {
	t.Helper()
	w := &witnessProcess{dir: t.TempDir()}
	w.cmd = evidentCommand(t, "witness", "--data", w.dir, "--knows", ledgerKey, "--name", name,
		"--listen", "127.0.0.1:0")
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	w.cmd.Stderr = &lockedOutput{}
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.cmd.Process.Kill() })
	for scan := bufio.NewScanner(out); w.url == "" && scan.Scan(); {
		if key, ok := strings.CutPrefix(scan.Text(), "Witness "); ok {
			w.key = key
		}
		w.url, _ = strings.CutPrefix(scan.Text(), "Ask it at ")
		if !strings.HasPrefix(w.url, "http") {
			w.url = ""
		}
	}
	return w
}

// stop interrupts the witness and returns its exit code.
func (w *witnessProcess) stop(t *testing.T) int {
	t.Helper()
	if err := w.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	err := w.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return w.cmd.ProcessState.ExitCode()
}

// cosigned asks a server for an event's proof and returns who cosigned it.
func (s *served) cosigned(t *testing.T, id string) (by []string) {
	t.Helper()
	var answer struct {
		Cosigned []struct{ Witness string }
		Limits   []string
	}
	s.get(t, "api/v1/events/"+id+"/proof", &answer)
	for _, c := range answer.Cosigned {
		by = append(by, c.Witness)
	}
	if strings.Contains(strings.Join(answer.Limits, " "), "One party") {
		t.Errorf("two witnesses cosigned, the limits are still %v", answer.Limits)
	}
	return by
}

// witnessState asks a server how its witnesses fare.
func (s *served) witnessState(t *testing.T) (state string, sealed, cosigned int64) {
	t.Helper()
	var answer struct {
		Ledger struct {
			Sealed  int64
			Witness struct {
				State string
				Size  int64
			}
		}
	}
	s.get(t, "api/v1/status", &answer)
	l := answer.Ledger
	return l.Witness.State, l.Sealed, l.Witness.Size
}

// get reads one answer of the API.
func (s *served) get(t *testing.T, path string, into any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", path, resp.Status)
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}

func awaitState(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatal("did not happen: " + what)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func evidentRun(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := evidentCommand(t, args...)
	cmd.Stderr = &lockedOutput{}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("evident %s: %v: %s", strings.Join(args, " "), err, cmd.Stderr)
	}
	return out
}

// TestWitnesses runs a server and two witnesses as processes: what is ingested
// is cosigned and its proof holds under the policy. A copy of the data folder
// that goes another way is refused, and every process says so.
func TestWitnesses(t *testing.T) {
	dir := t.TempDir()
	data, forked := filepath.Join(dir, "data"), filepath.Join(dir, "forked")
	events := func(name, host string) string {
		path := filepath.Join(dir, name)
		line := fmt.Sprintf(`{"Channel":"Security","EventID":1102,"Hostname":%q,"RecordNumber":1}`+"\n", host)
		if err := os.WriteFile(path, []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	evidentRun(t, "ingest", "--data", data, events("a.ndjson", "ws1"))
	key := filepath.Join(data, "ledger", "verifier.pub")
	one, two := startWitness(t, key, "one.example/w"), startWitness(t, key, "two.example/w")
	policy := filepath.Join(dir, "policy")
	pub, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("log %switness one %s %s\nwitness two %s %s\ngroup both all one two\nquorum both\n",
		pub, one.key, one.url, two.key, two.url)
	if err := os.WriteFile(policy, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(forked, os.DirFS(data)); err != nil {
		t.Fatal(err)
	}
	t.Run("honest", func(t *testing.T) {
		s := serve(t, data, "--witness-policy", policy)
		evidentRun(t, "ingest", "--server", s.base+"?token="+s.token, events("b.ndjson", "ws2"))
		awaitState(t, "everything is cosigned", func() bool {
			state, sealed, cosigned := s.witnessState(t)
			return state == "cosigned" && sealed >= 2 && cosigned == sealed
		})
		if by := s.cosigned(t, "1-0"); strings.Join(by, " ") != "one two" {
			t.Errorf("the proof is cosigned by %v", by)
		}
	})
	checkProof(t, data, policy)
	evidentRun(t, "verify", "--data", data, "--policy", policy)
	t.Run("forked", func(t *testing.T) {
		s := serve(t, forked, "--witness-policy", policy)
		for i := range 5 { // longer than the other
			evidentRun(t, "ingest", "--server", s.base+"?token="+s.token,
				events(fmt.Sprintf("f%d.ndjson", i), fmt.Sprintf("evil%d", i)))
		}
		awaitState(t, "the witnesses contradict", func() bool {
			state, _, _ := s.witnessState(t)
			return state == "alarm"
		})
	})
	for _, w := range []*witnessProcess{one, two} {
		if code := w.stop(t); code != exitWrong {
			t.Errorf("a witness with an alarm ends with %d: %s", code, w.cmd.Stderr)
		}
		if !strings.Contains(fmt.Sprint(w.cmd.Stderr), "ALARM") {
			t.Errorf("it logged no alarm: %s", w.cmd.Stderr)
		}
		cmd := evidentCommand(t, "witness", "--data", w.dir, "--status")
		if out, _ := cmd.Output(); cmd.ProcessState.ExitCode() != exitWrong || !strings.Contains(string(out), "alarms ") {
			t.Errorf("status: %d %s", cmd.ProcessState.ExitCode(), out)
		}
	}
}

// checkProof proves an event and checks it as a stranger would.
func checkProof(t *testing.T, data, policyFile string) {
	t.Helper()
	raw := filepath.Join(t.TempDir(), "raw")
	text := evidentRun(t, "prove", "--data", data, "--policy", policyFile, "1-0")
	evidentRun(t, "prove", "--data", data, "--raw", raw, "1-0")
	policy, err := readPolicy(policyFile)
	if err != nil {
		t.Fatal(err)
	}
	p, err := proof.ParseRecordProof(text)
	if err != nil {
		t.Fatal(err)
	}
	record, err := os.ReadFile(raw)
	if err != nil {
		t.Fatal(err)
	}
	head, err := p.VerifyUnder(record, policy)
	if err != nil || len(head.Cosigned) != 2 {
		t.Fatalf("%d cosignatures, %v", len(head.Cosigned), err)
	}
	t.Logf("%d bytes", len(text))
}

// lockedOutput collects what a process writes.
type lockedOutput struct{ strings.Builder }
