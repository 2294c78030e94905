package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/evident-sec/evident/internal/faultfs"
)

// The input of TestKillPoints: so many files that their seals make old snapshots
// expire (above 100), each an entry of its own.
const (
	pointFiles  = 110
	pointEvents = 10 * pointFiles
	pointLines  = 40
)

// points makes faults at random file system calls of real commands.
type points struct {
	*testing.T
	random *rand.Rand
	quota  int            // kills still to be made
	calls  map[string]int // by activity: how many calls it makes undisturbed

	killed, torn, failed map[string]int // by activity
}

// TestKillPoints kills commands at random file system calls, some in the middle of
// a write, and lets other calls fail: ingest with its seals and the expiry of
// snapshots, compaction, destruction. Then nothing is lost or doubled, and all is
// as it was sealed. EVIDENT_KILLS sets more than 8 kills: make kills.
func TestKillPoints(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	p := &points{
		T: t, random: rand.New(rand.NewPCG(seed, 0)), quota: killsOr(8), calls: map[string]int{},
		killed: map[string]int{}, torn: map[string]int{}, failed: map[string]int{},
	}
	k := newKeepers(t)
	p.folder(k, 0) // undisturbed: how many calls there are
	for p.quota > 0 {
		p.folder(k, min(p.quota, 25))
	}
	t.Logf("calls of each activity undisturbed: %v", p.calls)
	t.Logf("kills %v, of these amid a write %v; failed calls %v", p.killed, p.torn, p.failed)
}

// folder goes through the life of one data folder with so many kills.
func (p *points) folder(k *keepers, kills int) {
	p.Helper()
	dir := p.TempDir()
	data, in := filepath.Join(dir, "data"), filepath.Join(dir, "in")
	for i := range pointFiles {
		write(p.T, filepath.Join(in, fmt.Sprintf("%03d.ndjson", i)), pointEventsFrom(10*i, 10))
	}
	p.activity("ingest", data, kills*2/5, "ingest", "--data", data, "--seal-at", "1", in)
	p.activity("compact", data, kills/5, "lake", "compact", "--data", data)
	checkOnce(p.T, data, pointEvents)
	syslog := write(p.T, filepath.Join(dir, "linux.log"), pointSyslog())
	p.activity("ingest", data, kills/5, "ingest", "--data", data, syslog)
	evident(p.T, nil, "retention", "keep", "--data", data, k.policy).done(p.T)
	plan := filepath.Join(dir, "plan")
	evident(p.T, nil, "retention", "plan", "--data", data, "--out", plan).done(p.T)
	p.activity("destroy", data, kills-kills*2/5-kills/5*2, "retention", "destroy", "--data", data, k.approve(p.T, plan))
	o := evident(p.T, nil, "verify", "--data", data).done(p.T)
	if want := fmt.Sprintf("%d records were lawfully destroyed", pointEvents); !strings.Contains(o.stdout, want) {
		p.Errorf("verify does not say %q: %s", want, o.stdout)
	}
	o = evident(p.T, nil, "search", "--data", data, "--json", "--limit", "1000", "device.hostname:gate-7").done(p.T)
	for i := range pointLines {
		if n := strings.Count(o.stdout, fmt.Sprintf("point-%03d-", i)); n == 0 {
			p.Errorf("line %d of the log that stays is gone", i)
		}
	}
	if n := strings.Count(o.stdout, "\n"); n != pointLines {
		p.Errorf("%d lines of the log that stays, want %d", n, pointLines)
	}
	if left := holding(p.T, data, []byte("keep-no-secret")); len(left) > 0 {
		p.Errorf("destroyed bytes are still in %s", left)
	}
	if err := os.RemoveAll(dir); err != nil {
		p.Error(err)
	}
}

// activity runs a command until it ends by itself, with so many kills on the way,
// and a failing call now and then.
func (p *points) activity(name, data string, kills int, args ...string) {
	p.Helper()
	for done := 0; done < kills; {
		at := 1 + p.random.IntN(max(1, 2*p.calls[name]/(kills+1)))
		v := faultfs.Verdict{Kill: true}
		switch p.random.IntN(8) {
		case 0, 1, 2:
			v.Tear = 1 + p.random.IntN(4096)
		case 3:
			v = faultfs.Verdict{Errno: syscall.EIO}
		case 4:
			v = faultfs.Verdict{Errno: syscall.ENOSPC, Tear: 1 + p.random.IntN(512)}
		}
		hit, err := p.run(name, data, at, v, args...)
		switch {
		case !hit:
			p.Logf("%s was done before its call %d", name, at)
			if done++; err != nil {
				p.Fatalf("%s: %v", name, err)
			}
		case v.Kill:
			done++
			p.quota--
			p.killed[name]++
		default:
			p.failed[name]++
		}
	}
	if hit, err := p.run(name, data, 0, faultfs.Verdict{}, args...); err != nil || hit {
		p.Fatalf("%s, undisturbed at last: %v", name, err)
	}
}

// run runs a command with one fault at a call and reports whether that came.
func (p *points) run(name, data string, at int, v faultfs.Verdict, args ...string) (hit bool, err error) {
	p.Helper()
	cmd := evidentCommand(p.T, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	where := ""
	process, err := faultfs.Start(cmd, data, func(c faultfs.Call) faultfs.Verdict {
		if c.N != at {
			return faultfs.Verdict{}
		}
		hit, where = true, c.Name+" of "+strings.TrimPrefix(c.Path, data)
		if v.Tear > 0 && v.Kill && c.Bytes > 1 {
			p.torn[name]++
			v.Tear = min(v.Tear, c.Bytes-1)
		}
		return v
	})
	if errors.Is(err, faultfs.ErrUnsupported) {
		p.Skipf("%v: %s", err, out.Bytes())
	}
	if err != nil {
		p.Fatal(err)
	}
	hung := time.AfterFunc(3*time.Minute, func() {
		p.Errorf("%s hangs after call %d, %s: %+v", name, at, where, v)
		_ = cmd.Process.Signal(syscall.SIGQUIT)
	})
	err = process.Wait()
	hung.Stop()
	if strings.Contains(out.String(), "panic") || strings.Contains(out.String(), "goroutine ") {
		p.Fatalf("%s panicked after call %d, %s, %+v:\n%s", name, at, where, v, out.Bytes())
	}
	if at == 0 {
		p.calls[name] = max(p.calls[name], process.Calls())
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("%w: %s", err, out.Bytes())
	}
	return hit, err
}

// pointEventsFrom are events like those of writeEvents, from record first+1.
func pointEventsFrom(first, n int) []byte {
	var out bytes.Buffer
	at := time.Date(2026, 11, 18, 2, 0, 0, 0, time.UTC)
	for i := first; i < first+n; i++ {
		id := 4624
		if i%clearedEvery == 0 {
			id = 1102
		}
		fmt.Fprintf(&out, `{"Channel":"Security","EventID":%d,"Hostname":"ws-%d","@timestamp":"%s","RecordNumber":%d,`+
			`"SubjectUserName":"u%d","Pad":"keep-no-secret"}`+"\n", id, i%40,
			at.Add(time.Duration(i)*time.Second).Format("2006-01-02T15:04:05.000Z"), i+1, i%60)
	}
	return out.Bytes()
}

// pointSyslog is a log that no schedule covers.
func pointSyslog() []byte {
	var out bytes.Buffer
	for i := range pointLines {
		fmt.Fprintf(&out, "<38>Nov 18 02:11:%02d gate-7 sshd[%d]: point-%03d- session opened\n", i%60, 400+i, i)
	}
	return out.Bytes()
}

// keepers are two approvers and the policy they put in force.
type keepers struct {
	keys         [2]string
	file, policy string // as written, and as signed by both
}

func newKeepers(t *testing.T) *keepers {
	t.Helper()
	dir := t.TempDir()
	k := &keepers{file: filepath.Join(dir, "retention.yaml")}
	var public [2]string
	for i, name := range []string{"counsel", "records"} {
		k.keys[i] = filepath.Join(dir, name+".key")
		o := evident(t, nil, "retention", "key", "--name", name, "--out", k.keys[i]).done(t)
		public[i] = fmt.Sprintf("  - name: %s\n    key: %s\n", name, strings.TrimSpace(o.stdout))
	}
	write(t, k.file, []byte("approvers:\n"+public[0]+public[1]+`schedules:
  - id: LOGONS-0
    title: Logons, for this test
    authority: GRS 3.2 item 030
    products: [windows]
    keep: 0d
`))
	unsigned := write(t, filepath.Join(dir, "policy"),
		[]byte(evident(t, nil, "retention", "policy", k.file).done(t).stdout))
	k.policy = k.approve(t, unsigned)
	return k
}

// approve has both sign a document and returns where it is then.
func (k *keepers) approve(t *testing.T, doc string) string {
	t.Helper()
	for _, key := range k.keys {
		o := evident(t, nil, "retention", "approve", "--key", key, "--policy", k.file, doc).done(t)
		doc = write(t, doc+"+", []byte(o.stdout))
	}
	return doc
}

// holding lists the files below a folder that hold the bytes.
func holding(t *testing.T, dir string, bytesOf []byte) (out []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		body, err := os.ReadFile(path)
		if bytes.Contains(body, bytesOf) {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
