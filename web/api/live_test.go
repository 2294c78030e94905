package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestStreamSendsTheStatus(t *testing.T) {
	s := startWithCase(t)
	srv := s.served()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", srv.URL+"/api/v1/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatalf("stream is %s", got)
	}
	in := bufio.NewScanner(resp.Body)
	in.Buffer(nil, 1<<20)
	var before time.Time
	for range 2 {
		status := nextStatus(t, in)
		if status.Organisation != "Harbor Agency" || status.Caller.ID != analyst || status.Data.Events == 0 {
			t.Errorf("status is %+v", status)
		}
		// A ticker's ticks may come late, and the next one early by as much.
		if gap := status.Now.Sub(before); gap < 100*time.Millisecond {
			t.Errorf("two events within %s", gap)
		}
		before = status.Now
	}
}

type statusEvent struct {
	Organisation string
	Caller       struct{ ID string }
	Now          time.Time
	Data         struct{ Events int64 }
}

// nextStatus reads one server-sent event: event, data, blank line.
func nextStatus(t *testing.T, in *bufio.Scanner) (out statusEvent) {
	t.Helper()
	var got []string
	for in.Scan() && in.Text() != "" {
		got = append(got, in.Text())
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0] != "event: status" || !strings.HasPrefix(got[1], "data: ") {
		t.Fatalf("server-sent event is %q", got)
	}
	if err := json.Unmarshal([]byte(got[1][len("data: "):]), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestMonitorsSeeNoContent: health and metrics need no caller, and nothing of
// what the records say is in them.
func TestMonitorsSeeNoContent(t *testing.T) {
	s := startWithCase(t)
	for path, want := range map[string]string{"/healthz": "ok", "/metrics": "\nevident_journal_entries "} {
		w := httptest.NewRecorder()
		s.api.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %.300s", path, w.Code, w.Body)
		}
		lower := strings.ToLower(w.Body.String())
		for _, word := range []string{
			"ws07", "fs01", "mreed", "harbor", "192.0.2", "198.51.100", "sysmon", "zeek", "windows.ndjson",
			"powershell", analyst,
		} {
			if strings.Contains(lower, strings.ToLower(word)) {
				t.Errorf("%s tells %q", path, word)
			}
		}
	}
}

func TestMetricsCount(t *testing.T) {
	s := startWithCase(t)
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for name, want := range map[string]uint64{
		"evident_journal_entries": s.entries(), "evident_dead_letters": 1,
		"evident_pipeline_through_entry": s.entries(),
	} {
		if line := fmt.Sprintf("\n%s %d\n", name, want); !strings.Contains(w.Body.String(), line) {
			t.Errorf("metrics lack %q", line)
		}
	}
}

// TestStoppedNodeIsUnhealthy: a monitor and a sender see that nothing is
// processed any more.
func TestStoppedNodeIsUnhealthy(t *testing.T) {
	s := start(t)
	if err := s.node.Close(); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, httptest.NewRequest("GET", "/healthz", nil))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("healthz of a closed node: %d %s", w.Code, w.Body)
	}
	for _, target := range []string{"ingest?source=x", "verify"} {
		if p := problem(t, s.ask("POST", target, `{"a":1}`)); p.Status < 500 || p.Next == "" {
			t.Errorf("%s on a closed node: %+v", target, p)
		}
	}
	if p := problem(t, s.ask("GET", "search", "")); p.Status < 500 {
		t.Errorf("search on a closed node: %+v", p)
	}
}

// arrive posts one record of a new host and returns how long it takes until a
// search finds it, from before the request.
func arrive(t testing.TB, srv *httptest.Server, host string) time.Duration {
	t.Helper()
	record := fmt.Sprintf(`{"Channel":"Microsoft-Windows-Sysmon/Operational","EventID":11,`+
		`"TimeCreated":%q,"Computer":%q,"ProcessId":"5120","Image":"C:\\a.exe","TargetFilename":"C:\\b"}`,
		time.Now().UTC().Format(time.RFC3339Nano), host)
	began := time.Now()
	resp, err := srv.Client().Post(srv.URL+"/api/v1/ingest?source=bench", "application/x-ndjson",
		strings.NewReader(record))
	if err != nil {
		t.Fatal(err)
	}
	if body := readAll(t, resp.Body); resp.StatusCode != http.StatusOK {
		t.Fatalf("ingest: %s %s", resp.Status, body)
	}
	resp.Body.Close()
	for time.Since(began) < 10*time.Second {
		resp, err := srv.Client().Get(srv.URL + "/api/v1/search?q=device.hostname:" + host)
		if err != nil {
			t.Fatal(err)
		}
		var answer struct{ Total int64 }
		err = json.NewDecoder(resp.Body).Decode(&answer)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if answer.Total > 0 {
			return time.Since(began)
		}
	}
	t.Fatalf("record of %s is not found 10 s after it arrived", host)
	return 0
}

func TestArrivalToSearch(t *testing.T) {
	s := startWithCase(t)
	srv := s.served()
	var took []time.Duration
	for i := range 5 {
		took = append(took, arrive(t, srv, fmt.Sprintf("arrival%d", i)))
	}
	t.Logf("found after %v", took)
}

// BenchmarkArrivalToSearch measures from a sender's request to the first
// answer that has its record, polling without pause.
func BenchmarkArrivalToSearch(b *testing.B) {
	s := startWithCase(b)
	srv := s.served()
	var took []time.Duration
	for b.Loop() {
		took = append(took, arrive(b, srv, fmt.Sprintf("arrival%d", len(took))))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "p50-ms")
	b.ReportMetric(float64(took[len(took)-1].Milliseconds()), "max-ms")
}
