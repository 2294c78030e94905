package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

type ruleRow struct {
	UID, Title, Kind, Level, Status, Logsource, Source, Feed, File string
	Routed, Silent                                                 bool
	Techniques, Tactics                                            []string
	Hits                                                           int
	Last                                                           *time.Time
	Spark                                                          []int
}

type ruleList struct {
	Rules     []ruleRow
	Total, Of int
	Facets    map[string][]struct {
		Value string
		Count int
	}
	Rejected []struct {
		File, Reason string
		Line         int
	}
	Set struct {
		Plan       string `json:"plan_sha256"`
		Rules      int
		LastReload *struct{ Result, Reason string } `json:"last_reload"`
	}
}

func (s *server) rules(query string) ruleList {
	s.Helper()
	var out ruleList
	s.get("rules?"+query, &out)
	return out
}

// TestRuleFilters asks every choice alone and in pairs and wants exactly the
// rules of the whole list that have what was asked.
func TestRuleFilters(t *testing.T) {
	s := startWithCase(t)
	all := s.rules("limit=5000")
	if all.Total != all.Of || len(all.Rules) != all.Of || all.Of < 50 {
		t.Fatalf("%d of %d rules in the whole list, total %d", len(all.Rules), all.Of, all.Total)
	}
	const credentials = "Credential Access"
	filters := map[string]func(ruleRow) bool{
		"level=high":                func(r ruleRow) bool { return r.Level == "high" },
		"source=windows":            func(r ruleRow) bool { return r.Source == "windows" },
		"hits=some":                 func(r ruleRow) bool { return r.Hits > 0 },
		"hits=none":                 func(r ruleRow) bool { return r.Hits == 0 },
		"feed=missing":              func(r ruleRow) bool { return r.Feed == "missing" },
		"feed=received":             func(r ruleRow) bool { return r.Feed == "received" },
		"technique=t1003":           func(r ruleRow) bool { return under(r.Techniques, "T1003") },
		"tactic=credential+access":  func(r ruleRow) bool { return slices.Contains(r.Tactics, credentials) },
		"kind=detection":            func(r ruleRow) bool { return r.Kind == "detection" },
		"routed=yes":                func(r ruleRow) bool { return r.Routed },
		"q=LSASS":                   func(r ruleRow) bool { return contains(r.Title+r.File, "lsass") },
		"q=" + all.Rules[0].UID:     func(r ruleRow) bool { return r.UID == all.Rules[0].UID },
		"q=no+rule+has+these+words": func(ruleRow) bool { return false },
	}
	for a, holdsA := range filters {
		for b, holdsB := range filters {
			if a != b && a[:strings.Index(a, "=")] == b[:strings.Index(b, "=")] {
				continue // the same parameter twice
			}
			var want []string
			for _, r := range all.Rules {
				if holdsA(r) && holdsB(r) {
					want = append(want, r.UID)
				}
			}
			query := a
			if a != b {
				query += "&" + b
			}
			got := s.rules(query + "&limit=5000")
			if strings.HasPrefix(a, "q=LSASS") || strings.HasPrefix(b, "q=LSASS") {
				// Words are looked for in more than a list shows.
				for _, uid := range want {
					if !slices.Contains(uids(got.Rules), uid) {
						t.Errorf("%s does not have %s", query, uid)
					}
				}
				continue
			}
			if !slices.Equal(uids(got.Rules), want) || got.Total != len(want) {
				t.Errorf("%s has %d rules, total %d, want %d", query, len(got.Rules), got.Total, len(want))
			}
		}
	}
}

func contains(text, word string) bool { return strings.Contains(strings.ToLower(text), word) }

func under(ids []string, technique string) bool {
	return slices.ContainsFunc(ids, func(id string) bool {
		return id == technique || strings.HasPrefix(id, technique+".")
	})
}

func uids(list []ruleRow) (out []string) {
	for _, r := range list {
		out = append(out, r.UID)
	}
	return out
}

// TestRuleFacets wants each facet to say what choosing the value would give.
func TestRuleFacets(t *testing.T) {
	s := startWithCase(t)
	for _, base := range []string{"", "level=high&", "source=windows&hits=none&"} {
		got := s.rules(base)
		for name, values := range got.Facets {
			if strings.Contains(base, name+"=") {
				continue
			}
			sum := 0
			for _, v := range values {
				sum += v.Count
				if n := s.rules(base + name + "=" + url.QueryEscape(v.Value)).Total; n != v.Count {
					t.Errorf("%s%s=%s has %d rules, the facet says %d", base, name, v.Value, n, v.Count)
				}
			}
			if sum != got.Total {
				t.Errorf("%sfacet %s sums up to %d of %d", base, name, sum, got.Total)
			}
		}
	}
}

// TestRulePages reads the list in pages of different sizes.
func TestRulePages(t *testing.T) {
	s := startWithCase(t)
	for _, sort := range []string{"hits", "level", "title", "last"} {
		whole := uids(s.rules("limit=5000&sort=" + sort).Rules)
		var got []string
		for len(got) < len(whole) {
			page := uids(s.rules(fmt.Sprintf("sort=%s&limit=7&offset=%d", sort, len(got))).Rules)
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
		}
		if !slices.Equal(got, whole) {
			t.Errorf("sorted by %s, the pages are not the list", sort)
		}
		if past := s.rules("offset=100000"); len(past.Rules) != 0 || past.Total != len(whole) {
			t.Errorf("past the end: %d rules of %d", len(past.Rules), past.Total)
		}
	}
}

// TestRuleHitsAreItsFindings wants the hits of each rule, and their sum over
// time, to be the findings that there are.
func TestRuleHitsAreItsFindings(t *testing.T) {
	s := startWithCase(t)
	withHits := 0
	for _, r := range s.rules("limit=5000&hits=some").Rules {
		withHits++
		var found struct{ Total int }
		s.get("findings?rule="+r.UID, &found)
		sum := 0
		for _, n := range r.Spark {
			sum += n
		}
		if r.Feed != "received" {
			t.Errorf("%s found something, its data is %s", r.Title, r.Feed)
		}
		if r.Hits != found.Total || sum != r.Hits || r.Last == nil {
			t.Errorf("%s: %d hits, %d in the chart, %d findings, last %v",
				r.Title, r.Hits, sum, found.Total, r.Last)
		}
		var one struct {
			Histogram struct {
				Buckets []struct{ Events, Critical, High, Medium, Low, Informational int }
			}
			Recent []struct{ Finding, Event, Host string }
			Text   struct {
				Text    string
				Current bool
			}
			SHA256 string
		}
		s.get("rules/"+r.UID, &one)
		sum = 0
		for _, b := range one.Histogram.Buckets {
			sum += b.Critical + b.High + b.Medium + b.Low + b.Informational
		}
		if sum != r.Hits || len(one.Recent) != min(r.Hits, 20) {
			t.Errorf("%s: %d hits, %d in its histogram, %d recent", r.Title, r.Hits, sum, len(one.Recent))
		}
		if !one.Text.Current || !strings.Contains(one.Text.Text, "id: "+r.UID) {
			t.Errorf("%s: text current %v: %.60s", r.Title, one.Text.Current, one.Text.Text)
		}
	}
	if withHits < 3 {
		t.Errorf("%d rules have hits; the test shows nothing", withHits)
	}
}

// TestExplainAgreesWithFindings explains every recent hit of every rule, which
// has to match, and the same events by all other rules, which match exactly
// where they have a finding.
func TestExplainAgreesWithFindings(t *testing.T) {
	s := startWithCase(t)
	var found struct {
		Findings []struct {
			Info struct {
				Analytic struct{ UID string } `json:"analytic"`
			} `json:"finding_info"`
			Evidences []struct {
				Data struct {
					Event string `json:"event_uid"`
				} `json:"data"`
			} `json:"evidences"`
		}
	}
	s.get("findings", &found)
	has := make(map[[2]string]bool)
	var events []string
	for _, f := range found.Findings {
		event := f.Evidences[0].Data.Event
		has[[2]string{f.Info.Analytic.UID, event}] = true
		if !slices.Contains(events, event) && len(events) < 3 {
			events = append(events, event)
		}
	}
	for _, r := range s.rules("limit=5000&kind=detection").Rules {
		for _, event := range events {
			var x struct {
				Event       struct{ UID string }
				Explanation struct {
					Match   bool
					Summary string
				}
			}
			s.get("rules/"+r.UID+"/explain?event="+event, &x)
			want := has[[2]string{r.UID, event}]
			if x.Explanation.Match != want || x.Explanation.Summary == "" {
				t.Errorf("%s on %s: match %v, want %v: %s",
					r.Title, event, x.Explanation.Match, want, x.Explanation.Summary)
			}
		}
	}
}

// TestCoverageCountsRules wants the matrix to be what the list of rules says.
func TestCoverageCountsRules(t *testing.T) {
	s := startWithCase(t)
	var got struct {
		Techniques []struct {
			ID                string
			Tactics, Missing  []string
			Rules, Able, Hits int
			Worst             string
		}
		Judged       bool
		Rules, Blind int
		Gaps         []struct {
			Logsource string
			Rules     int
		}
	}
	s.get("rules/coverage", &got)
	all := s.rules("limit=5000")
	if !got.Judged || got.Rules != all.Of || len(got.Techniques) < 20 {
		t.Fatalf("coverage of %d rules in %d techniques, judged %v",
			got.Rules, len(got.Techniques), got.Judged)
	}
	for _, c := range got.Techniques {
		rules, able, hits := 0, 0, 0
		for _, r := range all.Rules {
			if slices.Contains(r.Techniques, c.ID) {
				rules++
				hits += r.Hits
				if r.Feed != "missing" {
					able++
				}
			}
		}
		if rules != c.Rules || able != c.Able || hits != c.Hits || len(c.Tactics) == 0 ||
			(able < rules) != (len(c.Missing) > 0) || (hits > 0) != (c.Worst != "") {
			t.Errorf("%+v, the list says %d rules, %d able, %d hits", c, rules, able, hits)
		}
	}
	blind := 0
	for _, g := range got.Gaps {
		blind += g.Rules
	}
	if blind != got.Blind || blind == 0 {
		t.Errorf("%d blind rules, %d in the gaps", got.Blind, blind)
	}
}

// TestHostileRuleTexts loads a rule whose words try to be markup and wants them
// as they are, in JSON.
func TestHostileRuleTexts(t *testing.T) {
	dir := t.TempDir()
	title := `<script>alert(1)</script> & "quotes"`
	writeRule(t, dir, "hostile", title, 4624)
	s := startWithRules(t, dir)
	got := s.rules("q=" + url.QueryEscape("<script>"))
	if got.Total != 1 || got.Rules[0].Title != title {
		t.Fatalf("got %+v", got.Rules)
	}
	for _, path := range []string{
		"rules/" + url.PathEscape("../../etc/passwd"), "rules/%00", "rules/no-such",
		"rules/x/explain?event=1-0",
	} {
		w := s.ask("GET", path, "")
		if w.Code != http.StatusNotFound || problem(t, w).Code != "not-found" {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	if w := s.ask("GET", "rules/"+got.Rules[0].UID+"/explain", ""); w.Code != http.StatusBadRequest {
		t.Errorf("explain without an event: %d", w.Code)
	}
}

func writeRule(t *testing.T, dir, name, title string, code int) (uid string) {
	t.Helper()
	uid = fmt.Sprintf("00000000-0000-4000-8000-%012x", []byte((name + "      ")[:6]))
	text, err := json.Marshal(title)
	if err != nil {
		t.Fatal(err)
	}
	rule := fmt.Sprintf("title: %s\nid: %s\nlogsource: {product: windows}\n"+
		"detection: {s: {EventID: %d}, condition: s}\nlevel: high\n", text, uid, code)
	if err := os.WriteFile(filepath.Join(dir, name+".yml"), []byte(rule), 0o600); err != nil {
		t.Fatal(err)
	}
	return uid
}

// TestChangingRules goes the way of a new set: shadow, accept, a broken set
// refused, forced.
func TestChangingRules(t *testing.T) {
	dir := t.TempDir()
	uid := writeRule(t, dir, "first", "First", 4624)
	s := startWithRules(t, dir)
	post := func(target, body string, into any) {
		t.Helper()
		w := s.ask("POST", target, body)
		if w.Code != http.StatusOK {
			t.Fatalf("POST %s: %d %s", target, w.Code, w.Body)
		}
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			t.Fatal(err)
		}
	}
	refuse := func(target, body, code string) {
		t.Helper()
		if w := s.ask("POST", target, body); problem(t, w).Code != code {
			t.Errorf("POST %s %s: %s, want %s", target, body, w.Body, code)
		}
	}
	refuse("rules/shadow/accept", "", "no-shadow")
	refuse("rules/shadow/discard", "", "no-shadow")
	refuse("rules/shadow", `{"paths":["/"]}`, "path-not-allowed")
	refuse("rules/shadow", `{"hours":-1}`, "bad-number")
	refuse("rules/shadow", `{"hour":1}`, "bad-body")
	refuse("rules/shadow", `{"paths":"`+strings.Repeat("x", 100_000)+`"}`, "bad-body")
	refuse("rules/reload", `[]`, "bad-body")

	var outcome struct{ Result, Reason string }
	post("rules/reload", "", &outcome)
	if outcome.Result != "unchanged" {
		t.Errorf("reload of the same: %+v", outcome)
	}
	second := writeRule(t, dir, "second", "Second", 4625)
	var shadow struct {
		State string
		Diff  struct {
			Added []struct{ UID string }
		}
	}
	post("rules/shadow", `{"hours":0,"live":false}`, &shadow)
	if len(shadow.Diff.Added) != 1 || shadow.Diff.Added[0].UID != second {
		t.Errorf("shadow: %+v", shadow)
	}
	post("rules/shadow/accept", "{}", &outcome)
	if outcome.Result != "switched" || s.rules("q="+second).Total != 1 {
		t.Errorf("accept: %+v", outcome)
	}
	broken := []byte("title: First\nid: " + uid + "\n")
	if err := os.WriteFile(filepath.Join(dir, "first.yml"), broken, 0o600); err != nil {
		t.Fatal(err)
	}
	post("rules/reload", "", &outcome)
	list := s.rules("q=" + uid)
	if outcome.Result != "refused" || list.Total != 1 || list.Set.LastReload == nil ||
		list.Set.LastReload.Result != "refused" {
		t.Errorf("reload of a broken set: %+v, list %+v", outcome, list)
	}
	post("rules/reload", `{"force":true}`, &outcome)
	list = s.rules("")
	if outcome.Result != "switched" || len(list.Rejected) != 1 || list.Rejected[0].Line == 0 {
		t.Errorf("reload by force: %+v, rejected %+v", outcome, list.Rejected)
	}
}
