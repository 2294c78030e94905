package api_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/web/api"
)

// analyst is who asks in these tests.
const analyst = "u_7KQ4-M2HD"

// server is an API over a real node in a temporary folder.
type server struct {
	testing.TB
	node *node.Node
	api  *api.API
}

// start opens an empty node and its API.
func start(t testing.TB) *server { return startWithRules(t) }

// startWithRules also loads the rules at the paths.
func startWithRules(t testing.TB, paths ...string) *server {
	t.Helper()
	n, err := node.Open(context.Background(), node.Config{
		Dir: t.TempDir(), Command: "test", Rules: paths,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Errorf("close node: %v", err)
		}
	})
	return &server{TB: t, node: n, api: api.New(api.Config{
		Node: n, Organisation: "Harbor Agency", Demo: true, Version: "test",
		Posture: harborPosture(t), Log: slog.New(slog.DiscardHandler),
	})}
}

// startWithCase also ingests testdata/case, an intrusion over two hosts in
// four formats with one record that cannot be decoded, and groups the findings
// of the starter rules into incidents.
func startWithCase(t testing.TB) *server {
	t.Helper()
	s := start(t)
	ctx := context.Background()
	files, err := filepath.Glob("testdata/case/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in testdata/case: %v", err)
	}
	for _, path := range files {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		report, err := s.node.IngestStream(ctx, "file:"+filepath.Base(path), f, node.IngestOptions{})
		f.Close()
		if err != nil || report.Records == 0 || len(report.Problems) > 0 {
			t.Fatalf("ingest %s: %+v, %v", path, report, err)
		}
	}
	if err := s.node.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.node.UpdateIncidents(ctx); err != nil {
		t.Fatal(err)
	}
	return s
}

// signIn puts the analyst into the context as the session layer does.
func signIn(r *http.Request) *http.Request {
	return r.WithContext(api.WithCaller(r.Context(), api.Caller{
		ID: analyst, Role: "analyst", Grants: []string{api.ExposureDetail, api.SQLRole},
	}))
}

// ask makes one request as the analyst; target is below /api/v1/.
func (s *server) ask(method, target, body string) *httptest.ResponseRecorder {
	s.Helper()
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, signIn(httptest.NewRequest(method, "/api/v1/"+target, strings.NewReader(body))))
	return w
}

// get asks and decodes an answer that has to be 200.
func (s *server) get(target string, into any) {
	s.Helper()
	w := s.ask("GET", target, "")
	if w.Code != http.StatusOK {
		s.Fatalf("GET %s: %d %s", target, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
		s.Fatalf("GET %s: %v", target, err)
	}
}

// identifiers are real ones of a loaded case, by the placeholder that stands
// for them in a path.
func (s *server) identifiers() *strings.Replacer {
	s.Helper()
	var findings struct {
		Findings []struct {
			Info struct {
				UID      string `json:"uid"`
				Analytic struct {
					UID string `json:"uid"`
				} `json:"analytic"`
			} `json:"finding_info"`
			Evidences []struct {
				Data struct {
					UID string `json:"event_uid"`
				} `json:"data"`
			} `json:"evidences"`
		} `json:"findings"`
	}
	s.get("findings", &findings)
	var incidents struct {
		Incidents []node.IncidentSummary `json:"incidents"`
	}
	s.get("incidents", &incidents)
	if len(findings.Findings) == 0 || len(incidents.Incidents) == 0 {
		s.Fatalf("the case gave %d findings and %d incidents, want some of both",
			len(findings.Findings), len(incidents.Incidents))
	}
	f := findings.Findings[0]
	return strings.NewReplacer("RULE", f.Info.Analytic.UID, "EVENT", f.Evidences[0].Data.UID, "FINDING", f.Info.UID,
		"INCIDENT", incidents.Incidents[0].UID, "RECEIPT", s.receipt("device.hostname:ws07").File,
		"STORY", s.sealed(incidents.Incidents[0].UID).File)
}

// problemBody is a problem as a client reads it.
type problemBody struct {
	Type, Title, Detail, Code, Next, Hint, Instance string
	Status                                          int
	Offset, Length                                  *int
}

// problem reads an answer that has to be a problem.
func problem(t testing.TB, w *httptest.ResponseRecorder) problemBody {
	t.Helper()
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Fatalf("answer %d is %s, want a problem: %.200s", w.Code, got, w.Body)
	}
	var p problemBody
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatal(err)
	}
	if p.Status != w.Code {
		t.Errorf("problem says status %d, the answer is %d", p.Status, w.Code)
	}
	return p
}

// served listens with every request signed in, for what a recorder cannot do.
func (s *server) served() *httptest.Server {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.api.ServeHTTP(w, signIn(r))
	}))
	s.Cleanup(srv.Close)
	return srv
}

func readAll(t testing.TB, r io.Reader) string {
	t.Helper()
	body, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
