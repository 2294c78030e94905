package api_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evident-sec/evident/examples/harbor"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/posture"
	"github.com/evident-sec/evident/web/api"
)

// harborPosture keeps the example's register on the day it is written for.
func harborPosture(t testing.TB) *posture.Keeper {
	t.Helper()
	reg, err := harbor.Register()
	if err != nil {
		t.Fatal(err)
	}
	proposals, err := harbor.Proposals()
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	k, err := posture.Open(posture.Config{Register: reg, Proposals: proposals, Now: func() time.Time { return day }})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// askAs asks with other roles than the analyst of these tests has.
func (s *server) askAs(target string, c api.Caller) *httptest.ResponseRecorder {
	s.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/api/v1/"+target, nil)
	s.api.ServeHTTP(w, r.WithContext(api.WithCaller(r.Context(), c)))
	return w
}

// registerRoutes are the routes about the register, each with a proposal where
// it wants one.
func registerRoutes(s *server) []string {
	var out []string
	for _, route := range s.api.Routes() {
		name, _ := strings.CutPrefix(route, "GET /api/v1/")
		if strings.HasPrefix(name, "exposure") || strings.HasPrefix(name, "reviews") {
			out = append(out, strings.Replace(name, "{id}", "gap-consultant", 1))
		}
	}
	return out
}

// TestDetailNeedsTheRole goes over every route about the register: with the role
// the answer has detail and is recorded, without it, or where it asks for less,
// it has neither.
func TestDetailNeedsTheRole(t *testing.T) {
	s := start(t)
	routes := registerRoutes(s)
	if len(routes) != 10 {
		t.Fatalf("there are %d routes about the register, want 10: %v", len(routes), routes)
	}
	with := api.Caller{ID: "u_AAAA-0001", Role: "analyst", Grants: []string{api.ExposureDetail}}
	as := api.Caller{ID: "u_AAAA-0002", Role: api.ExposureDetail}
	without := api.Caller{ID: "u_AAAA-0003", Role: "analyst", Grants: []string{"exposure", "detail"}}
	for _, c := range []struct {
		who         api.Caller
		query       string
		detail, may bool
	}{
		{with, "", true, true},
		{as, "", true, true},
		{with, "?detail=false", false, true},
		{without, "", false, false},
		{without, "?detail=true", false, false},
	} {
		for _, route := range routes {
			before := s.entries()
			w := s.askAs(route+c.query, c.who)
			var got struct {
				Detail    bool `json:"detail"`
				MayDetail bool `json:"may_detail"`
			}
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK {
				t.Fatalf("%s%s: %d %v %.200s", route, c.query, w.Code, err, w.Body)
			}
			if got.Detail != c.detail || got.MayDetail != c.may {
				t.Errorf("%s%s as %s: detail %v, may %v", route, c.query, c.who.ID, got.Detail, got.MayDetail)
			}
			if hasLine := strings.Contains(w.Body.String(), ".yaml"); hasLine && !c.detail {
				t.Errorf("%s%s as %s names a file of the register: %.300s", route, c.query, c.who.ID, w.Body)
			}
			if recorded := s.entries() - before; (recorded == 1) != c.detail || recorded > 1 {
				t.Errorf("%s%s as %s is recorded %d times, detail is %v", route, c.query, c.who.ID, recorded, c.detail)
			}
		}
	}
	w := s.askAs("exposure/paths?from=staff&to=faces", without)
	if p := problem(t, w); w.Code != http.StatusForbidden || p.Code != "needs-role" || strings.Contains(w.Body.String(), "office") {
		t.Errorf("a path without the role: %d %s", w.Code, w.Body)
	}
}

// TestPathNamesRuleAndLine: every move says what it is derived from.
func TestPathNamesRuleAndLine(t *testing.T) {
	s := start(t)
	var got struct {
		Ways []struct {
			Band  string
			Steps []struct {
				From, To, Rule, Text, File string
				Line                       int
			}
		}
		Labels map[string]string
	}
	s.get("exposure/paths?from=staff&to=faces&ways=3", &got)
	if len(got.Ways) == 0 || len(got.Ways) > 3 {
		t.Fatalf("%d ways", len(got.Ways))
	}
	for _, way := range got.Ways {
		at := "staff"
		for _, step := range way.Steps {
			if step.From != at || step.Rule == "" || step.Text == "" || step.File == "" || step.Line == 0 || got.Labels[step.To] == "" {
				t.Errorf("after %s comes %+v", at, step)
			}
			at = step.To
		}
		if at != "faces" {
			t.Errorf("the way ends at %s", at)
		}
	}
}

func TestRegisterProblems(t *testing.T) {
	s := start(t)
	for target, want := range map[string]int{
		"exposure/paths?from=nobody&to=faces": http.StatusNotFound, "exposure/paths?to=faces": http.StatusNotFound,
		"exposure/vendors?proposal=none": http.StatusNotFound, "reviews/none": http.StatusNotFound,
		"exposure/map?aim=luck": http.StatusBadRequest,
	} {
		w := s.ask("GET", target, "")
		if problem(t, w); w.Code != want {
			t.Errorf("%s: %d, want %d: %s", target, w.Code, want, w.Body)
		}
	}
}

// TestWithoutARegister: the page is told so by exposure, everything else is a
// problem that says what to do.
func TestWithoutARegister(t *testing.T) {
	n, err := node.Open(context.Background(), node.Config{Dir: t.TempDir(), Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	s := &server{TB: t, node: n, api: api.New(api.Config{Node: n, Log: slog.New(slog.DiscardHandler)})}
	var got struct{ Standing struct{ State string } }
	s.get("exposure", &got)
	if got.Standing.State != "none" {
		t.Errorf("the state is %q", got.Standing.State)
	}
	for _, route := range slices.DeleteFunc(registerRoutes(s), func(r string) bool { return r == "exposure" }) {
		w := s.ask("GET", route, "")
		if p := problem(t, w); w.Code != http.StatusNotFound || p.Code != "no-register" || !strings.Contains(p.Next, "--register") {
			t.Errorf("%s: %d %s", route, w.Code, w.Body)
		}
	}
}

// TestSealedReviewStandsOnItsPage: a record that Evident wrote shows who signed;
// a log that only looks like one does not.
func TestSealedReviewStandsOnItsPage(t *testing.T) {
	s := start(t)
	ctx := context.Background()
	var review struct {
		Base   string `json:"base_sha256"`
		Next   string `json:"next_sha256"`
		Sealed []struct {
			Event   string
			Result  string
			Keys    int
			Signers []string
		}
	}
	s.get("reviews/location-feed", &review)
	if len(review.Sealed) != 0 {
		t.Fatalf("nothing is sealed, but %+v", review.Sealed)
	}
	record := "evident.review-record/v1\nproposal location-feed\nresult deny\nday 2026-11-22\nbase " + review.Base +
		"\nnext " + review.Next + "\nreport 00\n\n— ciso AAAA\n— privacy-officer BBBB\n"
	raw, err := json.Marshal(map[string]any{
		"time": time.Now().UTC(), "product": "evident", "service": "audit", "operation": "review-sealed", "record": record,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.node.IngestStream(ctx, "file:forged.json", strings.NewReader(string(raw)), node.IngestOptions{}); err != nil {
		t.Fatal(err)
	}
	id, err := s.node.Keep(ctx, node.ReviewSource, raw)
	if err != nil {
		t.Fatal(err)
	}
	s.get("reviews/location-feed", &review)
	if len(review.Sealed) != 1 || review.Sealed[0].Event != id.String() || review.Sealed[0].Keys != 2 ||
		!slices.Equal(review.Sealed[0].Signers, []string{"ciso", "privacy-officer"}) {
		t.Errorf("sealed is %+v, want event %s alone", review.Sealed, id)
	}
	s.get("reviews/location-feed?detail=false", &review)
	if len(review.Sealed) != 1 || review.Sealed[0].Keys != 2 || len(review.Sealed[0].Signers) != 0 {
		t.Errorf("counts tell %+v", review.Sealed)
	}
	s.get("reviews/gap-consultant", &review)
	if len(review.Sealed) != 0 {
		t.Errorf("another change shows %+v", review.Sealed)
	}
}
