package api_test

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/proof"
)

// row is an event of a search as a client reads it.
type row struct {
	UID      string
	Time     time.Time
	Host     string
	Severity string `json:"finding_severity"`
}

type page struct {
	Events []row
	Total  int64
	After  string
}

// pagesOf follows a search to its end.
func (s *server) pagesOf(target string) (rows []row) {
	s.Helper()
	after := ""
	for range 100 {
		var p page
		s.get(target+"&after="+url.QueryEscape(after), &p)
		rows = append(rows, p.Events...)
		if after = p.After; after == "" {
			if int64(len(rows)) != p.Total {
				s.Errorf("%s: %d rows on all pages, total says %d", target, len(rows), p.Total)
			}
			return rows
		}
	}
	s.Fatalf("%s: 100 pages and no end", target)
	return nil
}

// TestSearchOrderAndPages: the order asked for holds over all pages, which
// have every event once.
func TestSearchOrderAndPages(t *testing.T) {
	s := startWithCase(t)
	const target = "search?q=class_uid:*+NOT+logsource.service:audit&limit=7"
	// The searches themselves arrive as records; the case ends before them.
	bounded := target + "&to=2026-03-03T00:00:00Z"
	asc := s.pagesOf(bounded)
	desc := s.pagesOf(bounded + "&order=desc")
	if len(asc) < 30 {
		t.Fatalf("%d events, want the whole case", len(asc))
	}
	if !slices.IsSortedFunc(asc, func(a, b row) int { return a.Time.Compare(b.Time) }) {
		t.Errorf("not oldest first: %+v", asc)
	}
	slices.Reverse(desc)
	if !slices.Equal(asc, desc) {
		t.Error("newest first is not the reverse of oldest first")
	}
	seen := make(map[string]bool)
	for _, r := range asc {
		if seen[r.UID] {
			t.Errorf("event %s comes twice", r.UID)
		}
		seen[r.UID] = true
	}
}

// TestFacetsAgreeWithSearch: a click on a value finds as many as it said.
func TestFacetsAgreeWithSearch(t *testing.T) {
	s := startWithCase(t)
	for _, field := range []string{"device.hostname", "class_uid", "actor.user.name"} {
		var values []struct {
			Value string
			Count int64
		}
		s.get("facets?q=device.hostname:*&field="+field, &values)
		if len(values) == 0 {
			t.Errorf("%s has no values", field)
		}
		for _, v := range values {
			var p page
			query := fmt.Sprintf("device.hostname:* AND %s:%s", field, strconv.QuoteToGraphic(v.Value))
			if v.Value == "" || !strconv.CanBackquote(v.Value) {
				continue // escapes are the query language's tests
			}
			s.get("search?q="+url.QueryEscape(query), &p)
			if p.Total != v.Count {
				t.Errorf("%s %q: facet says %d, search finds %d", field, v.Value, v.Count, p.Total)
			}
		}
	}
}

func TestFindingsFilters(t *testing.T) {
	s := startWithCase(t)
	type finding struct {
		Severity string
		Time     time.Time
		Device   struct{ Hostname string }
		Info     struct {
			Analytic struct{ UID string }
		} `json:"finding_info"`
		Evident struct {
			Incident string `json:"incident_uid"`
		}
	}
	ask := func(filter string) (out []finding) {
		t.Helper()
		var body struct {
			Findings []finding
			Total    int
		}
		s.get("findings?"+filter, &body)
		if body.Total != len(body.Findings) {
			t.Errorf("%q: %d findings, total %d", filter, len(body.Findings), body.Total)
		}
		return body.Findings
	}
	all := ask("")
	pick := slices.IndexFunc(all, func(f finding) bool { return f.Evident.Incident != "" })
	if pick < 0 {
		t.Fatal("no finding belongs to an incident")
	}
	one := all[pick]
	for filter, same := range map[string]func(finding) bool{
		"severity=high":                             func(f finding) bool { return f.Severity == "High" },
		"host=" + one.Device.Hostname:               func(f finding) bool { return f.Device.Hostname == one.Device.Hostname },
		"rule=" + one.Info.Analytic.UID:             func(f finding) bool { return f.Info.Analytic.UID == one.Info.Analytic.UID },
		"incident=" + one.Evident.Incident:          func(f finding) bool { return f.Evident.Incident == one.Evident.Incident },
		"from=" + one.Time.Format(time.RFC3339Nano): func(f finding) bool { return !f.Time.Before(one.Time) },
		"to=" + one.Time.Format(time.RFC3339Nano):   func(f finding) bool { return f.Time.Before(one.Time) },
	} {
		want := 0
		for _, f := range all {
			if same(f) {
				want++
			}
		}
		got := ask(filter)
		if len(got) != want || slices.ContainsFunc(got, func(f finding) bool { return !same(f) }) {
			t.Errorf("%s: %d findings, want the %d of %d that fit", filter, len(got), want, len(all))
		}
	}
}

// TestRawAndProofAreOfTheLine: the original bytes of an event are its line in
// the file, and the proof that the API gives holds for them alone.
func TestRawAndProofAreOfTheLine(t *testing.T) {
	s := startWithCase(t)
	file, err := os.ReadFile(filepath.Join("testdata", "case", "windows.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSuffix(file, []byte("\n")), []byte("\n"))
	events := s.pagesOf("search?q=evident.source:\"file:windows.ndjson\"&limit=1000")
	if len(events) != len(lines) {
		t.Fatalf("%d events of %d lines", len(events), len(lines))
	}
	for _, e := range events {
		id, err := event.ParseID(e.UID)
		if err != nil {
			t.Fatal(err)
		}
		raw := s.ask("GET", "events/"+e.UID+"/raw", "").Body.Bytes()
		if !bytes.Equal(raw, lines[id.Leaf]) {
			t.Fatalf("%s: raw is %q, want line %d", e.UID, raw, id.Leaf+1)
		}
		var given struct {
			State, Text string
			Key         string `json:"verifier_key"`
		}
		s.get("events/"+e.UID+"/proof", &given)
		p, err := proof.ParseRecordProof([]byte(given.Text))
		if err != nil {
			t.Fatalf("%s (%s): %v", e.UID, given.State, err)
		}
		verifier, err := note.NewVerifier(given.Key)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Verify(raw, verifier); err != nil {
			t.Errorf("%s: %v", e.UID, err)
		}
		if err := p.Verify(append(raw, ' '), verifier); err == nil {
			t.Errorf("%s: the proof holds for other bytes", e.UID)
		}
	}
}

// TestHistogramCountsWhatMatches: bars are of the events and findings that the
// query finds, and together they are all of them.
func TestHistogramCountsWhatMatches(t *testing.T) {
	s := startWithCase(t)
	for _, host := range []string{"dc01", "ws07", "gw01", "*"} {
		var bars struct {
			Buckets []struct{ Events, Critical, High, Medium, Low, Informational int }
		}
		const hour = "&from=2026-03-02T09:00:00Z&to=2026-03-02T10:00:00Z"
		s.get("histogram?buckets=60&q=device.hostname:"+host+hour, &bars)
		events, findings := 0, 0
		for _, b := range bars.Buckets {
			events += b.Events
			findings += b.Critical + b.High + b.Medium + b.Low + b.Informational
		}
		if found := s.pagesOf("search?limit=1000&q=device.hostname:" + host + hour); len(found) != events {
			t.Errorf("%s: %d events in the bars, %d in the search", host, events, len(found))
		}
		filter := "findings?host=" + host
		if host == "*" {
			filter = "findings"
		}
		var list struct{ Total int }
		if s.get(filter, &list); list.Total != findings {
			t.Errorf("%s: %d findings in the bars, %d in the list", host, findings, list.Total)
		}
	}
}
