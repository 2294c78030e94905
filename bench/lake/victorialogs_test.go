package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/evident-sec/evident/event"
)

// fakePeer takes requests as VictoriaLogs' documentation describes them. It
// shows the shape of what is sent, not that VictoriaLogs understands it.
type fakePeer struct {
	t       *testing.T
	mu      sync.Mutex
	lines   []map[string]string
	flushed bool
	queries []string
}

func (f *fakePeer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch r.Method + " " + r.URL.Path {
	case "GET /health":
	case "GET /internal/force_flush":
		f.flushed = true
	case "POST /insert/jsonline":
		q := r.URL.Query()
		if q.Get("_time_field") != "_time" || q.Get("_msg_field") != "_msg" || q.Get("_stream_fields") == "" {
			f.t.Errorf("ingest with %s", r.URL.RawQuery)
		}
		for lines := bufio.NewScanner(r.Body); lines.Scan(); {
			line := map[string]string{}
			if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
				f.t.Errorf("line %s: %v", lines.Bytes(), err)
			}
			f.lines = append(f.lines, line)
		}
	case "POST /select/logsql/query":
		query := r.PostFormValue("query")
		f.queries = append(f.queries, query)
		if strings.HasSuffix(query, countAll) {
			fmt.Fprintln(w, `{"total":"42"}`)
			return
		}
		fmt.Fprint(w, "{\"_msg\":\"a\"}\n{\"_msg\":\"b\"}\n")
	default:
		f.t.Errorf("unexpected request %s %s", r.Method, r.URL)
		http.NotFound(w, r)
	}
}

// TestPeerIsGivenEveryFieldAndAskedTheSame checks requests against a fake.
func TestPeerIsGivenEveryFieldAndAskedTheSame(t *testing.T) {
	fake := &fakePeer{t: t}
	server := httptest.NewServer(fake)
	defer server.Close()
	p := peer{url: server.URL}
	from, dir := newPlan(twoBatches(), 20, 0), t.TempDir()
	for range 2 { // the second time it has them
		if err := p.fill(t.Context(), dir, from); err != nil {
			t.Fatal(err)
		}
	}
	events, _ := from.totals()
	if len(fake.lines) != events || !fake.flushed {
		t.Fatalf("the peer has %d events, flushed %v; want %d", len(fake.lines), fake.flushed, events)
	}
	first := fake.lines[0]
	for name, want := range map[string]string{
		"_time": "2026-03-01T10:00:00Z", "_msg": "record 0 of 0", "metadata.uid": "1-0",
		"class_name": event.ClassInfo(event.ClassProcess).Name, "device.hostname": "ws1-0",
		"actor.user.name": "anna-0", "process.uid": "{0-0}-0-0", "process.cmd_line": "svchost.exe -k",
	} {
		if first[name] != want {
			t.Errorf("field %s is %q, want %q", name, first[name], want)
		}
	}
	if _, empty := first["problem"]; empty {
		t.Error("a field without a value is sent")
	}
	for _, q := range (asker{ctx: t.Context()}).questions() {
		want := 2
		if strings.HasSuffix(q.peer, countAll) {
			want = 42
		}
		if n, err := p.ask(t.Context(), q.peer); err != nil || n != want {
			t.Errorf("%s: %d, %v; want %d", q.peer, n, err, want)
		}
	}
	if len(fake.queries) == 0 {
		t.Error("nothing was asked")
	}
	server.Close()
	if _, err := p.ask(t.Context(), "*"); err == nil {
		t.Error("a peer that is gone answers")
	}
}
