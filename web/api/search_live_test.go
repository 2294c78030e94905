package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/evident-sec/evident/web/api"
)

type liveLine struct {
	Progress *struct{ Done, All, Total int }
	Events   []struct{ UID string }
	Table    *struct {
		Columns []struct{ Name, Type string }
		Rows    [][]any
		Chart   *struct {
			SpanS float64 `json:"span_s"`
			By    string
		}
	}
	End *struct {
		Total int
		After string
	}
	Problem *api.Problem
}

// live asks search/live and checks every line against openapi.yaml.
func (s *server) live(query string) []liveLine {
	s.Helper()
	w := s.ask("GET", "search/live?"+query, "")
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/x-ndjson" {
		s.Fatalf("%s: %d %s", query, w.Code, w.Body)
	}
	d := readDocument(s)
	var out []liveLine
	for line := range bytes.SplitSeq(bytes.TrimSpace(w.Body.Bytes()), []byte("\n")) {
		if err := d.check(line, "components", "schemas", "SearchLine"); err != nil {
			s.Errorf("%s: %v", line, err)
		}
		var one liveLine
		if err := json.Unmarshal(line, &one); err != nil {
			s.Fatal(err)
		}
		out = append(out, one)
	}
	return out
}

// TestLiveIsTheAnswer compares the lines with the answer in one piece.
func TestLiveIsTheAnswer(t *testing.T) {
	s := startWithCase(t)
	for _, order := range []string{"asc", "desc"} {
		query := "q=device.hostname:*&limit=7&order=" + order
		var whole struct {
			Events []struct{ UID string }
			Total  int
			After  string
		}
		if err := json.Unmarshal(s.ask("GET", "search?"+query, "").Body.Bytes(), &whole); err != nil {
			t.Fatal(err)
		}
		lines := s.live(query)
		var got []struct{ UID string }
		for _, l := range lines {
			got = append(got, l.Events...)
		}
		end := lines[len(lines)-1].End
		if end == nil || end.Total != whole.Total || end.After != whole.After || !reflect.DeepEqual(got, whole.Events) {
			t.Errorf("%s: %v and %+v, want %+v", order, got, end, whole)
		}
	}
	lines := s.live("q=" + url.QueryEscape("device.hostname:* | timechart span=1h count by device.hostname"))
	last := lines[len(lines)-2].Table
	if last == nil || len(last.Rows) == 0 || last.Chart == nil || last.Chart.SpanS != 3600 || last.Chart.By != "device.hostname" {
		t.Errorf("timechart: %+v", last)
	}
}

// TestLiveEndsWithTheClient: nothing is asked for a client that is gone.
func TestLiveEndsWithTheClient(t *testing.T) {
	s := startWithCase(t)
	r := request("GET", "search/live?q=*", "")
	ctx, cancel := context.WithCancel(r.Context())
	cancel()
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, r.WithContext(ctx))
	if w.Body.Len() > 0 {
		t.Errorf("somebody who is gone got %s", w.Body)
	}
}

// TestSQLNeedsItsRole asks with and without the role, and hostile things.
func TestSQLNeedsItsRole(t *testing.T) {
	s := startWithCase(t)
	r := httptest.NewRequest("POST", "/api/v1/sql", strings.NewReader(`{"sql":"SELECT 1"}`))
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, r.WithContext(api.WithCaller(r.Context(), api.Caller{ID: analyst, Role: "analyst"})))
	if w.Code != http.StatusForbidden || problem(t, w).Code != "role-missing" {
		t.Errorf("without the role: %d %s", w.Code, w.Body)
	}
	for sql, want := range map[string]int{
		"SELECT count(*) AS n FROM events":       http.StatusOK,
		"SELECT * FROM read_text('/etc/passwd')": http.StatusBadRequest,
		"DROP TABLE hot_1":                       http.StatusBadRequest,
		"SELECT * FROM hot_1":                    http.StatusBadRequest,
		"":                                       http.StatusBadRequest,
	} {
		body, err := json.Marshal(map[string]string{"sql": sql})
		if err != nil {
			t.Fatal(err)
		}
		if w := s.ask("POST", "sql", string(body)); w.Code != want {
			t.Errorf("%s: %d %s, want %d", sql, w.Code, w.Body, want)
		}
	}
}

// TestSavedSearches saves, fills and deletes one.
func TestSavedSearches(t *testing.T) {
	s := startWithCase(t)
	if w := s.ask("PUT", "searches/logons", `{"query":"user.name:$user | head $n","note":"who"}`); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	var got struct {
		Parameters []string
		Filled     string
	}
	target := "searches/logons?set=" + url.QueryEscape("user=a OR b") + "&set=n%3D5"
	if err := json.Unmarshal(s.ask("GET", target, "").Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Filled != `user.name:"a OR b" | head 5` || !reflect.DeepEqual(got.Parameters, []string{"n", "user"}) {
		t.Errorf("filled: %+v", got)
	}
	for target, want := range map[string]string{
		"searches/logons?set=user%3Da": "bad-parameter", "searches/nobody": "not-found",
		"searches/logons?set=user": "bad-parameter", "searches/logons?set=user%3Da&set=n%3Dx": "query-syntax",
	} {
		if w := s.ask("GET", target, ""); problem(t, w).Code != want {
			t.Errorf("%s: %s, want %s", target, w.Body, want)
		}
	}
	for body, want := range map[string]string{`{"query":"a | nope"}`: "query-syntax", `{"query":"user.religion:x"}`: "query-syntax"} {
		if w := s.ask("PUT", "searches/x", body); problem(t, w).Code != want {
			t.Errorf("%s: %s, want %s", body, w.Body, want)
		}
	}
	if w := s.ask("PUT", "searches/No", `{"query":"a"}`); problem(t, w).Code != "bad-parameter" {
		t.Error(w.Body)
	}
	if w := s.ask("DELETE", "searches/logons", ""); w.Code != http.StatusOK {
		t.Error(w.Body)
	}
	if w := s.ask("DELETE", "searches/logons", ""); w.Code != http.StatusNotFound {
		t.Error(w.Body)
	}
}
