package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/internal/console"
)

// served is a running evident serve.
type served struct {
	cmd         *exec.Cmd
	base, token string
}

// serve starts a server on a free port and waits until it says where.
func serve(t *testing.T, data string, args ...string) *served {
	t.Helper()
	cmd := evidentCommand(t, append([]string{"serve", "--data", data, "--listen", "127.0.0.1:0"}, args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			t.Errorf("serve ended with %v: %s", err, errOut.Bytes())
		}
	})
	s := &served{cmd: cmd}
	s.listen(t, bufio.NewScanner(out), errOut.String)
	return s
}

// listen reads where the server serves; said is what it complained of.
func (s *served) listen(t *testing.T, out *bufio.Scanner, said func() string) {
	t.Helper()
	for out.Scan() {
		link, ok := strings.CutPrefix(out.Text(), "Open ")
		if !ok {
			continue
		}
		at, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		s.token = at.Query().Get("token")
		at.RawQuery = ""
		s.base = at.String()
		break
	}
	if s.token == "" {
		t.Fatalf("serve printed no link: %s", said())
	}
}

// stop asks the server to end.
func (s *served) stop() error { return s.cmd.Process.Signal(os.Interrupt) }

// found counts the events that match a query, through the API.
func (s *served) found(t *testing.T, query string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
		s.base+"api/v1/search?q="+url.QueryEscape(query), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("search %s: %s %s %v", query, resp.Status, body, err)
	}
	var answer struct{ Total int }
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Total
}

// listening returns the ports that a process listens on, from the kernel.
func listening(t *testing.T, pid int) []string {
	t.Helper()
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil || len(links) == 0 {
		t.Skip("no /proc/PID/fd: this needs Linux")
	}
	sockets := make(map[string]bool)
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil {
			if inode, ok := strings.CutPrefix(to, "socket:["); ok {
				sockets[strings.TrimSuffix(inode, "]")] = true
			}
		}
	}
	var ports []string
	for _, table := range []string{"tcp", "tcp6", "udp", "udp6"} {
		body, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, table))
		if err != nil {
			continue // no IPv6
		}
		for line := range strings.Lines(string(body)) {
			f := strings.Fields(line)
			const listen, unconnected = "0A", "07"
			if len(f) > 9 && sockets[f[9]] && (f[3] == listen || f[3] == unconnected) {
				ports = append(ports, table+" "+f[1])
			}
		}
	}
	return ports
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestReceiversAreOffUntilNamed(t *testing.T) {
	s := serve(t, filepath.Join(t.TempDir(), "d"))
	if ports := listening(t, s.cmd.Process.Pid); len(ports) != 1 {
		t.Errorf("listens on %v, want the page's port only", ports)
	}
	for _, base := range []string{"", "Bearer wrong-token-0123456789"} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.base+"api/v1/status", nil)
		req.Header.Set("Authorization", base)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("API with authorization %q answers %s", base, resp.Status)
		}
	}
}

// TestSyslog sends lines over TCP and finds them through the API within
// seconds, whatever else the senders do.
func TestSyslog(t *testing.T) {
	at := freePort(t)
	data := filepath.Join(t.TempDir(), "d")
	t.Run("served", func(t *testing.T) {
		s := serve(t, data, "--syslog", at)
		if ports := listening(t, s.cmd.Process.Pid); len(ports) != 2 {
			t.Errorf("listens on %v, want page and syslog", ports)
		}
		conn, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		hostile, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		// What looks like an archive is kept as the message it is.
		fmt.Fprintf(hostile, "PK\x03\x04%s\n", strings.Repeat("z", 300))
		hostile.Close()
		fmt.Fprintln(conn, "<38>Nov 18 02:11:00 gate-3 sshd[411]: Failed password for u.ashgrove"+
			" from 203.0.113.47 port 50022 ssh2")
		sent := time.Now()
		waitFor(t, "the syslog line in a search", func() bool { return s.found(t, `"u.ashgrove"`) > 0 })
		t.Logf("searchable %v after it was sent", time.Since(sent).Round(time.Millisecond))
		waitFor(t, "the odd line in a search", func() bool { return s.found(t, "zzzz*") > 0 || s.found(t, "*zzzz*") > 0 })
	})
	evident(t, nil, "verify", "--data", data).done(t)
}

// TestSend sends files to a running server: the same report, the same
// idempotence, and a clear line where the server refuses.
func TestSend(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, filepath.Join(dir, "d"))
	in := write(t, filepath.Join(dir, "sent.json"), lines("sent-host", 900))
	to := s.base + "?token=" + s.token
	first := evident(t, nil, "ingest", "--json", "--server", to, in).done(t).report(t)
	again := evident(t, nil, "ingest", "--json", "--server", to, in).done(t).report(t)
	if first.Records != 900 || again.Records != 0 || again.Already != 900 {
		t.Errorf("first %+v, again %+v, want 900 records once", first, again)
	}
	waitFor(t, "the records in a search", func() bool { return s.found(t, "device.hostname:sent-host") == 900 })
	evident(t, bytes.NewReader(lines("piped", 2)), "ingest", "--server", to, "-").done(t)
	empty := write(t, filepath.Join(dir, "empty.json"), nil)
	if r := evident(t, nil, "ingest", "--json", "--server", to, empty).done(t).report(t); r.Records != 0 {
		t.Errorf("an empty file gave %d records", r.Records)
	}
	evident(t, nil, "ingest", "--server", s.base+"?token=wrong-token-0123456789", in).refused(t, "token")
	evident(t, nil, "ingest", "--server", to, dir).refused(t, "folder")
	evident(t, nil, "ingest", "--server", "http://"+freePort(t)+"/", in).refused(t, "connection refused")
}

// controls are what a log record may hold to drive a terminal: escape
// sequences, C1 controls, DEL, a carriage return, bidirectional overrides.
const controls = "\x1b]0;owned\x07\x1b[2J\x1b[31m\r\x7f\b"

var rawControl = regexp.MustCompile(`[\x00-\x08\x0b-\x1f\x7f\x{80}-\x{9f}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2066}-\x{2069}]`)

// TestHostileLines ingests records full of control characters; no command lets
// one through to its output.
func TestHostileLines(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "d")
	evil := controls + "\u009b31m\u202eexe.\u2066" + "tail"
	quote := func(s string) string { b, _ := json.Marshal(s); return string(b) }
	var text strings.Builder
	for _, id := range []string{"1102", "4624", "1"} {
		channel := "Security"
		if id == "1" {
			channel = "Microsoft-Windows-Sysmon/Operational"
		}
		fmt.Fprintf(&text, `{"Channel":%q,"EventID":%s,"Hostname":%s,"@timestamp":"2026-11-18T02:15:00.000Z",`+
			`"SubjectUserName":%s,"TargetUserName":%s,"User":%s,"Image":%s,"CommandLine":%s,`+
			`"ProcessGuid":"{6a910b9d-498a-5ee0-c903-000000000400}","ProcessId":"4312"}`+"\n", channel, id,
			quote("ws-"+evil), quote(evil), quote(evil), quote(evil), quote(`C:\x\`+evil), quote("mimikatz "+evil))
	}
	in := filepath.Join(dir, "in")
	write(t, filepath.Join(in, "log\x1b[31m\x9b.ndjson"), []byte(text.String()))
	bad := write(t, filepath.Join(dir, "no\x1b]0;log\x07.bin"), []byte("\x00\x01"))
	sys := write(t, filepath.Join(dir, "sys.log"),
		[]byte("Nov 18 02:11:00 gate\x1b[2J sshd[4]: Failed password for root\x9b31m from \x1b[0m port\n"))
	outputs := []outcome{evident(t, nil, "ingest", "--data", data, in, bad, sys).done(t)}
	list := evident(t, nil, "findings", "--json", "--data", data).done(t)
	id := regexp.MustCompile(`F-[0-9a-f]{16}`).FindString(list.stdout)
	event := regexp.MustCompile(`"event_uid":"([0-9]+-[0-9]+)"`).FindStringSubmatch(list.stdout)
	if id == "" || event == nil {
		t.Fatalf("no finding in %q", list.stdout)
	}
	outputs = append(outputs, list)
	for _, args := range [][]string{
		{"findings"},
		{"search", "*"},
		{"search", "--json", "*"},
		{"reconstruct", id},
		{"reconstruct", "--json", id},
		{"reconstruct", "--markdown", id},
		{"reconstruct", "--html", id},
		{"prove", event[1]},
		{"verify"},
		{"search", "a:\x1b[31m"},
		{"prove", "\x1b[31m"},
		{"reconstruct", "\x1b[31m"},
	} {
		args = append([]string{args[0], "--data", data}, args[1:]...)
		outputs = append(outputs, evident(t, nil, args...))
	}
	outputs = append(outputs, evident(t, nil, "detect", in), evident(t, nil, "detect", "--json", in, bad),
		evident(t, nil, "ingest", "--data", data, "missing\x1b[31m"), evident(t, nil, "bad\x1b[31m"))
	for i, o := range outputs {
		if at := rawControl.FindStringIndex(o.stdout + o.stderr); at != nil {
			all := o.stdout + o.stderr
			t.Errorf("output %d holds %q in %q", i, all[at[0]:at[1]], all[max(0, at[0]-60):min(len(all), at[1]+20)])
		}
	}
}

// TestPlain wants no control character and no broken UTF-8 from plain, and the
// same value from plainJSON.
func TestPlain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOf(rapid.OneOf(rapid.Byte(), rapid.SampledFrom([]byte("\x1b\x9b\x7fa\u202e")))).
			Draw(t, "bytes"))
		out := console.Plain(text)
		if rawControl.MatchString(out) || strings.ToValidUTF8(out, "") != out || strings.Contains(out, "\n") {
			t.Fatalf("plain gives %q", out)
		}
		value := rapid.String().Draw(t, "value")
		body, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		var back string
		safe := console.PlainJSON(body)
		if err := json.Unmarshal(safe, &back); err != nil || back != value || rawControl.Match(safe) {
			t.Fatalf("plainJSON gives %s: %v", safe, err)
		}
	})
}

// TestManySenders connects more senders than are served at a time.
func TestManySenders(t *testing.T) {
	at := freePort(t)
	s := serve(t, filepath.Join(t.TempDir(), "d"), "--syslog", at)
	const senders = 300
	var group sync.WaitGroup
	for i := range senders {
		group.Go(func() {
			conn, err := net.Dial("tcp", at)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			fmt.Fprintln(conn, "<38>Nov 18 02:11:00 gate-9 sshd[4]: many"+strconv.Itoa(i))
		})
	}
	group.Wait()
	got := 0
	waitFor(t, "all senders' lines", func() bool {
		if n := s.found(t, "device.hostname:gate-9"); n != got {
			t.Logf("%d of %d lines are searchable", n, senders)
			got = n
		}
		return got == senders
	})
}
