package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
)

// peer is a VictoriaLogs server that answers the same questions over the same
// events: each attribute is a field of the same name, the original record is
// the message. Its interfaces are those of docs.victoriametrics.com/victorialogs:
// /insert/jsonline and /select/logsql/query.
type peer struct {
	url string
	pid int // 0 where it is not ours
}

// ingestBytes is how much one request of the ingest carries, about.
const ingestBytes = 8 << 20

// startPeer runs the binary over a folder below dir and waits until it answers.
func startPeer(ctx context.Context, binary, dir string) (p peer, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return p, nil, fmt.Errorf("find a port: %w", err)
	}
	addr := listener.Addr().String()
	if err := listener.Close(); err != nil {
		return p, nil, err
	}
	cmd := exec.CommandContext(ctx, binary, "-storageDataPath="+filepath.Join(dir, "victorialogs"),
		"-httpListenAddr="+addr, "-retentionPeriod=100y", "-futureRetention=100y", "-loggerLevel=WARN")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return p, nil, fmt.Errorf("start %s: %w", binary, err)
	}
	p = peer{"http://" + addr, cmd.Process.Pid}
	stop = func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait() // how it ends says nothing about the answers
	}
	for range 300 {
		if _, err = p.get(ctx, "/health"); err == nil {
			return p, stop, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	stop()
	return p, nil, fmt.Errorf("wait for %s: %w", binary, err)
}

func (p peer) get(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+path, nil)
	if err != nil {
		return nil, err
	}
	return answer(req)
}

func answer(req *http.Request) ([]byte, error) {
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: %s: %.200s", req.Method, req.URL.Path, resp.Status, body)
	}
	return body, err
}

// fill gives the peer all events of a plan, unless it has them.
func (p peer) fill(ctx context.Context, dir string, from plan) error {
	done := filepath.Join(dir, "victorialogs.json")
	if text, err := os.ReadFile(done); err == nil {
		fmt.Fprintf(os.Stderr, "the peer has its events: %s\n", text)
		return nil
	}
	began := time.Now()
	var body bytes.Buffer
	events := 0
	err := from.each(0, func(made int, e *event.Entry, evs []event.Event) error {
		for i := range evs {
			if err := writeLine(&body, &evs[i]); err != nil {
				return err
			}
		}
		events = made
		if body.Len() < ingestBytes {
			return nil
		}
		fmt.Fprintf(os.Stderr, "\rthe peer has %.1f million events ", float64(made)/1e6)
		return p.insert(ctx, &body)
	})
	if err == nil && body.Len() > 0 {
		err = p.insert(ctx, &body)
	}
	if err == nil {
		_, err = p.get(ctx, "/internal/force_flush")
	}
	if err != nil {
		return fmt.Errorf("give events to the peer: %w", err)
	}
	note := fmt.Sprintf("%d events in %.0f s", events, time.Since(began).Seconds())
	return os.WriteFile(done, []byte(note), 0o600)
}

// insert sends the lines and empties the buffer.
func (p peer) insert(ctx context.Context, lines *bytes.Buffer) error {
	to := p.url + "/insert/jsonline?" + url.Values{
		"_time_field": {"_time"}, "_msg_field": {"_msg"}, "_stream_fields": {"device.hostname"},
	}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(lines.Bytes()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/stream+json")
	if _, err := answer(req); err != nil {
		return err
	}
	lines.Reset()
	return nil
}

// writeLine appends the event with all of its fields by name.
func writeLine(to *bytes.Buffer, ev *event.Event) error {
	class := event.ClassInfo(ev.Class)
	fields := map[string]string{
		"_time": ev.Time.UTC().Format(time.RFC3339Nano), "_msg": strings.ToValidUTF8(string(ev.Raw), "\uFFFD"),
		"metadata.uid": ev.ID.String(), "class_name": class.Name,
		"activity_name": class.ActivityName(ev.Activity), "severity_id": strconv.Itoa(int(ev.Severity)),
		"received":          ev.Received.UTC().Format(time.RFC3339Nano),
		"logsource.product": ev.Product, "logsource.service": ev.Service, "logsource.category": ev.Category,
		"problem": ev.Problem,
	}
	for _, a := range ev.Attrs {
		if name := a.Attr.String(); fields[name] == "" { // the first value counts
			fields[name] = a.Text
		}
	}
	for name, text := range fields {
		if text == "" {
			delete(fields, name)
		}
	}
	line, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	to.Write(line)
	return to.WriteByte('\n')
}

// ask returns how many rows the answer to a LogsQL query has, or the number in
// its only row where it counts.
func (p peer) ask(ctx context.Context, query string) (int, error) {
	form := url.Values{"query": {query}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/select/logsql/query",
		strings.NewReader(form.Encode()))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	body, err := answer(req)
	if err != nil {
		return 0, err
	}
	rows, last := 0, []byte(nil)
	for lines := bufio.NewReader(bytes.NewReader(body)); ; {
		line, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			rows, last = rows+1, line
		}
		if errors.Is(err, io.EOF) {
			break
		}
	}
	if !strings.HasSuffix(query, countAll) {
		return rows, nil
	}
	var counted struct {
		N string `json:"total"`
	}
	if err := json.Unmarshal(last, &counted); err != nil || rows != 1 {
		return 0, fmt.Errorf("read the count of %s: %d rows, %w", query, rows, err)
	}
	return strconv.Atoi(counted.N)
}

// countAll ends the queries whose answer is one number.
const countAll = `| stats count() as total`
