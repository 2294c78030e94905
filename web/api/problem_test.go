package api_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestProblems(t *testing.T) {
	d, s := readDocument(t), startWithCase(t)
	for _, c := range []struct {
		method, target string
		status         int
		code           string
	}{
		{"GET", "search?from=yesterday", 400, "bad-time"},
		{"GET", "search?to=2026-03-02", 400, "bad-time"},
		{"GET", "search?limit=0", 400, "bad-number"},
		{"GET", "search?limit=many", 400, "bad-number"},
		{"GET", "search?order=sideways", 400, "bad-order"},
		{"GET", "search?after=garbage", 400, "bad-cursor"},
		{"GET", "search?after=1.2.99999999999", 400, "bad-cursor"},
		{"GET", "histogram?buckets=-3", 400, "bad-number"},
		{"GET", "histogram?q=(", 400, "query-syntax"},
		{"GET", "facets?field=no.such.field", 400, "bad-field"},
		{"GET", "facets", 400, "bad-field"},
		{"GET", "facets?field=time", 400, "bad-field"},
		{"GET", "facets?field=device.hostname&n=101", 400, "bad-number"},
		{"GET", "complete?q=a&cursor=99", 400, "bad-number"},
		{"GET", "findings?severity=shouting", 400, "bad-severity"},
		{"GET", "findings/no-such-finding", 404, "not-found"},
		{"GET", "incidents/no-such-incident", 404, "not-found"},
		{"GET", "incidents/999999-0", 404, "not-found"},
		{"GET", "events/999999-0", 404, "not-found"},
		{"GET", "events/1-499", 404, "not-found"},
		{"GET", "events/999999-0/raw", 404, "not-found"},
		{"GET", "events/1-499/raw", 404, "not-found"},
		{"GET", "events/999999-0/proof", 404, "not-found"},
		{"GET", "events/1-499/proof", 404, "not-found"},
		{"GET", "events/first", 400, "bad-identifier"},
		{"GET", "events/0-0", 400, "bad-identifier"},
		{"GET", "events/1-0-0/raw", 400, "bad-identifier"},
		{"GET", "events/1--1/proof", 400, "bad-identifier"},
		{"GET", "events/%00/raw", 400, "bad-identifier"},
		{"GET", "nothing", 404, "no-such-route"},
		{"GET", "", 404, "no-such-route"},
		{"GET", "events", 404, "no-such-route"},
		{"GET", "events/1-0/none", 404, "no-such-route"},
		{"DELETE", "events/1-0", 404, "no-such-route"},
		{"POST", "search", 404, "no-such-route"},
		{"GET", "verify", 404, "no-such-route"},
		{"POST", "ingest", 400, "bad-source"},
	} {
		w := s.ask(c.method, c.target, "")
		p := problem(t, w)
		if p.Status != c.status || p.Code != c.code {
			t.Errorf("%s %s: %d %s (%s), want %d %s", c.method, c.target, p.Status, p.Code, p.Detail,
				c.status, c.code)
		}
		if p.Next == "" || p.Title == "" || !strings.HasPrefix(p.Instance, "/api/v1/") {
			t.Errorf("%s %s: what to do or where is not said: %+v", c.method, c.target, p)
		}
		if err := d.check(w.Body.Bytes(), "components", "schemas", "Problem"); err != nil {
			t.Errorf("%s %s: %v", c.method, c.target, err)
		}
	}
}

// TestQueryProblemsSayWhere: the position is in bytes of the query.
func TestQueryProblemsSayWhere(t *testing.T) {
	s := start(t)
	for _, c := range []struct{ query, wrong string }{
		{"device.hostnam:ws07", "device.hostnam"},
		{"héllo AND nosuchfield:1", "nosuchfield"},
		{"severity:>=high AND actor.religion:*", "actor.religion"},
		{`device.hostname:"open`, `"`},
	} {
		for _, route := range []string{"search", "histogram", "facets"} {
			p := problem(t, s.ask("GET", route+"?field=device.hostname&q="+url.QueryEscape(c.query), ""))
			if p.Status != 400 || p.Code != "query-syntax" || p.Offset == nil || p.Length == nil {
				t.Fatalf("%s %q: %+v", route, c.query, p)
			}
			at, n := *p.Offset, *p.Length
			if at < 0 || n < 0 || at+n > len(c.query) || c.query[at:at+n] != c.wrong {
				t.Errorf("%s %q: wrong is said to be [%d,+%d], want %q", route, c.query, at, n, c.wrong)
			}
			if p.Detail == "" || p.Next == "" {
				t.Errorf("%s %q: no message or next step: %+v", route, c.query, p)
			}
			// There is nothing to write instead of a field that must not exist.
			if protected := c.wrong == "actor.religion"; protected != (p.Hint == "") {
				t.Errorf("%s %q: hint is %q", route, c.query, p.Hint)
			}
		}
	}
}

// TestUnusualRanges: open, empty, reversed and enormous ranges are answered.
func TestUnusualRanges(t *testing.T) {
	s := startWithCase(t)
	const day, hour = "2026-03-02T00:00:00Z", "2026-03-02T09:00:00Z"
	for _, route := range []string{"search", "histogram", "overview", "findings"} {
		for _, r := range [][2]string{
			{day, ""},
			{"", hour},
			{hour, hour},
			{hour, day},
			{"0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"},
			{"1000-01-01T00:00:00Z", day},
		} {
			target := route + "?q=device.hostname:*&from=" + r[0] + "&to=" + r[1]
			if w := s.ask("GET", target, ""); w.Code != 200 {
				t.Errorf("%s: %d %s", target, w.Code, w.Body)
			}
		}
	}
}

// TestNobodyIsRefused asks every route without a caller in the context.
func TestNobodyIsRefused(t *testing.T) {
	s := startWithCase(t)
	fill := s.identifiers()
	entries := s.entries()
	for _, a := range answers {
		method, _, _ := strings.Cut(a.route, " ")
		r := httptest.NewRequest(method, "/api/v1/"+fill.Replace(a.target), strings.NewReader(a.body))
		w := httptest.NewRecorder()
		s.api.ServeHTTP(w, r)
		if p := problem(t, w); p.Status != 401 || p.Code != "no-caller" || p.Next == "" {
			t.Errorf("%s without a caller: %+v", a.route, p)
		}
	}
	if got := s.entries(); got != entries {
		t.Errorf("requests of nobody wrote %d journal entries", got-entries)
	}
}
