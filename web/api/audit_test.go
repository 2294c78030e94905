package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
)

// entries returns how many entries the journal has acknowledged.
func (s *server) entries() uint64 {
	s.Helper()
	all, err := s.node.Overall(context.Background())
	if err != nil {
		s.Fatal(err)
	}
	return all.Journal.Last
}

// witness notes how far the journal was when the first part of an answer left.
type witness struct {
	*httptest.ResponseRecorder
	s    *server
	last uint64
}

func (w *witness) note() {
	if w.last == 0 {
		w.last = w.s.entries()
	}
}

func (w *witness) WriteHeader(code int) {
	w.note()
	w.ResponseRecorder.WriteHeader(code)
}

func (w *witness) Write(p []byte) (int, error) {
	w.note()
	return w.ResponseRecorder.Write(p)
}

// act is an audit record as it lies in the journal.
type act struct {
	Product, Service, Operation, Caller, Detail string
	Time                                        time.Time
}

func (s *server) act(seq uint64) act {
	s.Helper()
	e, err := s.node.Entry(context.Background(), seq)
	if err != nil {
		s.Fatal(err)
	}
	if e.Source != "evident:audit" || e.Format != event.FormatJSON || len(e.Records) != 1 {
		s.Fatalf("entry %d is no audit entry: source %s, %d records", seq, e.Source, len(e.Records))
	}
	var out act
	if err := json.Unmarshal(e.Records[0].Raw, &out); err != nil {
		s.Fatal(err)
	}
	return out
}

func TestReadingIsRecordedBeforeTheAnswer(t *testing.T) {
	s := startWithCase(t)
	fill := s.identifiers()
	for _, c := range []struct{ method, target, operation, detail string }{
		{"GET", "search?q=device.hostname:ws07&from=2026-03-02T09:00:00Z", "search", "ws07"},
		{"GET", "search?q=device.hostname:nobody", "search", "nobody"},
		{"GET", "findings?host=fs01", "list-findings", "fs01"},
		{"GET", "findings/FINDING", "read-finding", "FINDING"},
		{"GET", "events/EVENT", "read-event", "EVENT"},
		{"GET", "events/EVENT/raw", "read-original", "EVENT"},
		{"GET", "incidents/INCIDENT", "reconstruct", "INCIDENT"},
		{"GET", "incidents/EVENT", "reconstruct", "EVENT"},
		{"GET", "rules/RULE", "read-rule", "RULE"},
		{"GET", "rules/RULE/explain?event=EVENT", "explain-rule", "EVENT"},
		{"POST", "rules/shadow", "shadow-rules", ""},
		{"POST", "rules/shadow/discard", "discard-shadow-rules", ""},
		{"GET", "exposure", "read-exposure", "holdings"},
		{"GET", "exposure/map", "read-exposure", "map most-likely"},
		{"GET", "exposure/paths", "read-exposure", "paths most-likely"},
		{"GET", "exposure/paths?from=staff&to=faces", "read-path", "staff to faces"},
		{"GET", "exposure/chokes", "read-exposure", "chokes"},
		{"GET", "exposure/combined", "read-exposure", "combined"},
		{"GET", "exposure/vendors?proposal=gap-consultant", "read-exposure", "vendors gap-consultant"},
		{"GET", "exposure/checks", "read-exposure", "checks"},
		{"GET", "exposure/gaps", "read-exposure", "gaps"},
		{"GET", "reviews", "list-reviews", "reviews"},
		{"GET", "reviews/gap-consultant", "read-review", "gap-consultant"},
		{"POST", "verify", "verify", ""},
	} {
		target := fill.Replace(c.target)
		before := s.entries()
		w := &witness{ResponseRecorder: httptest.NewRecorder(), s: s}
		s.api.ServeHTTP(w, request(c.method, target, ""))
		if w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", target, w.Code, w.Body)
		}
		if w.last != before+1 {
			t.Errorf("%s: the journal was at %d before and at %d when the answer left, want one more",
				target, before, w.last)
			continue
		}
		got := s.act(w.last)
		if got.Operation != c.operation || got.Caller != analyst ||
			!strings.Contains(got.Detail, fill.Replace(c.detail)) {
			t.Errorf("%s is recorded as %+v", target, got)
		}
		if got.Product != "evident" || got.Service != "audit" || time.Since(got.Time) > time.Minute {
			t.Errorf("%s: audit record is not marked as one: %+v", target, got)
		}
	}
}

// TestAuditRecordIsARecord: what was read can itself be searched and proven.
func TestAuditRecordIsARecord(t *testing.T) {
	s := startWithCase(t)
	s.ask("GET", "search?q=device.hostname:gw01", "")
	if err := s.node.Settle(context.Background()); err != nil {
		t.Fatal(err)
	}
	uid := event.ID{Entry: s.entries()}.String()
	var found struct {
		Events []struct {
			UID   string            `json:"uid"`
			Attrs map[string]string `json:"attrs"`
		} `json:"events"`
	}
	s.get("search?q=api.operation:search+AND+actor.user.name:"+analyst, &found)
	if len(found.Events) != 1 || found.Events[0].UID != uid ||
		!strings.Contains(found.Events[0].Attrs["message"], "gw01") {
		t.Fatalf("searching for the search gave %+v, want event %s", found, uid)
	}
	var proven struct{ State string }
	s.get("events/"+uid+"/proof", &proven)
	if proven.State != "sealed" {
		t.Errorf("audit record is %s, want sealed", proven.State)
	}
}

// TestStatusIsNotRecorded: what shows no content leaves no record, or the page
// would fill the journal by being open.
func TestStatusIsNotRecorded(t *testing.T) {
	s := startWithCase(t)
	fill := s.identifiers()
	before := s.entries()
	for _, target := range []string{"status", "health", "fields", "histogram", "events/EVENT/proof", "rules", "rules/coverage", "rules/shadow"} {
		if w := s.ask("GET", fill.Replace(target), ""); w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
	if got := s.entries(); got != before {
		t.Errorf("%d entries were written", got-before)
	}
}
