package api_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// document is openapi.yaml. Its schemas are closed when it is read: an answer
// may have nothing that the document does not name.
type document struct {
	testing.TB
	root     map[string]any
	compiler *jsonschema.Compiler
}

// place is where the document lies for the schema compiler.
const place = "mem:///openapi.json"

func readDocument(t testing.TB) *document {
	t.Helper()
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	root, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatal(err)
	}
	closeObjects(root)
	d := &document{TB: t, root: root.(map[string]any), compiler: jsonschema.NewCompiler()}
	d.compiler.AssertFormat()
	if err := d.compiler.AddResource(place, root); err != nil {
		t.Fatal(err)
	}
	return d
}

func closeObjects(v any) {
	switch v := v.(type) {
	case map[string]any:
		_, object := v["properties"].(map[string]any)
		if _, open := v["additionalProperties"]; object && !open {
			v["additionalProperties"] = false
		}
		for _, child := range v {
			closeObjects(child)
		}
	case []any:
		for _, child := range v {
			closeObjects(child)
		}
	}
}

// at follows a path of keys, and references on the way.
func (d *document) at(v any, keys ...string) any {
	d.Helper()
	for {
		m, _ := v.(map[string]any)
		if ref, ok := m["$ref"].(string); ok {
			v = d.at(d.root, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
			continue
		}
		if len(keys) == 0 {
			return v
		}
		v, keys = m[keys[0]], keys[1:]
	}
}

// operations returns the operations by route, e.g. "GET /api/v1/status".
func (d *document) operations() map[string]map[string]any {
	out := make(map[string]map[string]any)
	for path, item := range d.root["paths"].(map[string]any) {
		for method, op := range item.(map[string]any) {
			out[strings.ToUpper(method)+" "+path] = op.(map[string]any)
		}
	}
	return out
}

// media returns the content type of a route's good answer.
func (d *document) media(route string) string {
	d.Helper()
	content, _ := d.at(d.operations()[route], "responses", "200", "content").(map[string]any)
	if len(content) != 1 {
		d.Fatalf("%s has %d kinds of good answer, want 1", route, len(content))
	}
	return slices.Collect(maps.Keys(content))[0]
}

// check validates a body against the schema at the path of keys.
func (d *document) check(body []byte, keys ...string) error {
	d.Helper()
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	var pointer strings.Builder
	for _, key := range keys {
		pointer.WriteString("/" + url.PathEscape(escape.Replace(key)))
	}
	schema, err := d.compiler.Compile(place + "#" + pointer.String())
	if err != nil {
		d.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

func (d *document) checkAnswer(route string, body []byte) error {
	d.Helper()
	method, path, _ := strings.Cut(route, " ")
	return d.check(body, "paths", path, strings.ToLower(method), "responses", "200", "content",
		d.media(route), "schema")
}

func TestOpenAPIHasTheRoutes(t *testing.T) {
	d, s := readDocument(t), start(t)
	documented := slices.Sorted(maps.Keys(d.operations()))
	served := slices.Sorted(slices.Values(s.api.Routes()))
	for _, route := range served {
		if !slices.Contains(documented, route) {
			t.Errorf("%s is served, but openapi.yaml does not have it", route)
		}
	}
	for _, route := range documented {
		if !slices.Contains(served, route) {
			t.Errorf("openapi.yaml has %s, but it is not served", route)
		}
		for _, p := range d.parameters(route) {
			if in := p["in"]; in == "path" && !strings.Contains(route, "{"+p["name"].(string)+"}") {
				t.Errorf("%s has no {%s}", route, p["name"])
			}
		}
		if d.at(d.operations()[route], "responses", "default", "content", "application/problem+json") == nil {
			t.Errorf("%s does not say that its errors are problems", route)
		}
	}
}

// answers has at least one request for every route.
var answers = []struct{ route, target, body string }{
	{"GET /api/v1/status", "status", ""},
	{"GET /api/v1/stream", "stream", ""},
	{"GET /api/v1/overview", "overview", ""},
	{"GET /api/v1/overview", "overview?from=2026-03-02T09:00:00Z&to=2026-03-02T10:00:00Z", ""},
	{"GET /api/v1/histogram", "histogram", ""},
	{"GET /api/v1/histogram", "histogram?q=device.hostname:ws07&buckets=7", ""},
	{"GET /api/v1/search", "search", ""},
	{"GET /api/v1/search", "search?q=device.hostname:ws07&limit=3&from=2026-03-02T09:00:00Z", ""},
	{"GET /api/v1/search", "search?q=device.hostname:nobody", ""},
	{"GET /api/v1/search", "search?q=%7C+count+by+device.hostname%2C+severity", ""},
	{"GET /api/v1/search", "search?q=*+%7C+timechart+span%3D1h+count&from=-9999w", ""},
	{"GET /api/v1/search", "search?q=*+%7C+head+3", ""},
	{"GET /api/v1/search/live", "search/live?q=*", ""},
	{"GET /api/v1/search/live", "search/live?q=%7C+top+3+device.hostname", ""},
	{"POST /api/v1/sql", "sql", `{"sql":"SELECT device_hostname, count(*), max(time) FROM events GROUP BY ALL"}`},
	{"PUT /api/v1/searches/{name}", "searches/hosts", `{"query":"device.hostname:$host | count","note":"n"}`},
	{"PUT /api/v1/searches/{name}", "searches/all", `{"query":"*"}`},
	{"GET /api/v1/searches", "searches", ""},
	{"GET /api/v1/searches/{name}", "searches/hosts", ""},
	{"GET /api/v1/searches/{name}", "searches/hosts?set=host%3Dws07", ""},
	{"DELETE /api/v1/searches/{name}", "searches/all", ""},
	{"POST /api/v1/receipts", "receipts", `{"query":"device.hostname:ws07"}`},
	{"POST /api/v1/receipts", "receipts", `{"query":"*","from":"2026-03-02T09:00:00Z"}`},
	{"POST /api/v1/receipts/check", "receipts/check", "RECEIPT"},
	{"GET /api/v1/facets", "facets?field=device.hostname", ""},
	{"GET /api/v1/facets", "facets?field=class_uid&n=2", ""},
	{"GET /api/v1/complete", "complete?q=device.&cursor=7", ""},
	{"GET /api/v1/complete", "complete?q=device.hostname:&cursor=16", ""},
	{"GET /api/v1/complete", "complete?q=AN", ""},
	{"GET /api/v1/fields", "fields", ""},
	{"GET /api/v1/events/{uid}", "events/EVENT", ""},
	{"GET /api/v1/events/{uid}/raw", "events/EVENT/raw", ""},
	{"GET /api/v1/events/{uid}/proof", "events/EVENT/proof", ""},
	{"GET /api/v1/findings", "findings", ""},
	{"GET /api/v1/findings", "findings?severity=high&limit=1", ""},
	{"GET /api/v1/findings/{uid}", "findings/FINDING", ""},
	{"GET /api/v1/incidents", "incidents", ""},
	{"GET /api/v1/incidents/{id}", "incidents/INCIDENT", ""},
	{"GET /api/v1/incidents/{id}", "incidents/FINDING", ""},
	{"GET /api/v1/incidents/{id}", "incidents/EVENT", ""},
	{"POST /api/v1/incidents/{id}/overlays", "incidents/FINDING/overlays", `{"kind":"pin","step":1,"reason":"r"}`},
	{
		"POST /api/v1/incidents/{id}/overlays", "incidents/EVENT/overlays",
		`{"kind":"add","text":"a door","at":"2026-03-02T09:00:00Z","events":["1-0"],"reason":"r"}`,
	},
	{"GET /api/v1/incidents/{id}/overlays", "incidents/FINDING/overlays", ""},
	{"GET /api/v1/incidents/{id}/diff", "incidents/FINDING/diff", ""},
	{"GET /api/v1/incidents/{id}/diff", "incidents/FINDING/diff?with=EVENT", ""},
	{"GET /api/v1/incidents/{id}/export", "incidents/FINDING/export?format=stix", ""},
	{"GET /api/v1/incidents/{id}/export", "incidents/INCIDENT/export?format=html", ""},
	{"POST /api/v1/incidents/{id}/seal", "incidents/INCIDENT/seal", ""},
	{"POST /api/v1/incidents/check", "incidents/check", "STORY"},
	{"GET /api/v1/health", "health", ""},
	{"GET /api/v1/rules", "rules", ""},
	{"GET /api/v1/rules", "rules?level=high&q=lsass&limit=1", ""},
	{"GET /api/v1/rules/{id}", "rules/RULE", ""},
	{"GET /api/v1/rules/{id}/explain", "rules/RULE/explain?event=EVENT", ""},
	{"GET /api/v1/rules/coverage", "rules/coverage", ""},
	{"GET /api/v1/rules/shadow", "rules/shadow", ""},
	{"POST /api/v1/rules/reload", "rules/reload", ""},
	{"GET /api/v1/rules", "rules", ""}, // again, with a reload
	{"POST /api/v1/rules/shadow", "rules/shadow", `{"hours":1}`},
	{"GET /api/v1/rules/shadow", "rules/shadow", ""},
	{"POST /api/v1/rules/shadow/accept", "rules/shadow/accept", `{"force":true}`},
	{"POST /api/v1/rules/shadow", "rules/shadow", ""},
	{"POST /api/v1/rules/shadow/discard", "rules/shadow/discard", ""},
	{"GET /api/v1/exposure", "exposure", ""},
	{"GET /api/v1/exposure", "exposure?detail=false", ""},
	{"GET /api/v1/exposure/map", "exposure/map", ""},
	{"GET /api/v1/exposure/map", "exposure/map?detail=false", ""},
	{"GET /api/v1/exposure/paths", "exposure/paths?aim=least-effort&limit=7", ""},
	{"GET /api/v1/exposure/paths", "exposure/paths?from=staff&to=faces&ways=3", ""},
	{"GET /api/v1/exposure/paths", "exposure/paths?detail=false", ""},
	{"GET /api/v1/exposure/chokes", "exposure/chokes?budget=6", ""},
	{"GET /api/v1/exposure/chokes", "exposure/chokes?detail=false", ""},
	{"GET /api/v1/exposure/combined", "exposure/combined", ""},
	{"GET /api/v1/exposure/combined", "exposure/combined?detail=false", ""},
	{"GET /api/v1/exposure/vendors", "exposure/vendors", ""},
	{"GET /api/v1/exposure/vendors", "exposure/vendors?proposal=gap-consultant", ""},
	{"GET /api/v1/exposure/vendors", "exposure/vendors?detail=false", ""},
	{"GET /api/v1/exposure/checks", "exposure/checks", ""},
	{"GET /api/v1/exposure/checks", "exposure/checks?detail=false", ""},
	{"GET /api/v1/exposure/gaps", "exposure/gaps", ""},
	{"GET /api/v1/exposure/gaps", "exposure/gaps?detail=false", ""},
	{"GET /api/v1/reviews", "reviews", ""},
	{"GET /api/v1/reviews", "reviews?detail=false", ""},
	{"GET /api/v1/reviews/{id}", "reviews/gap-consultant", ""},
	{"GET /api/v1/reviews/{id}", "reviews/location-feed", ""},
	{"GET /api/v1/reviews/{id}", "reviews/biometric-app?detail=false", ""},
	{"POST /api/v1/verify", "verify", ""},
	{"GET /api/v1/status", "status", ""}, // again, with a verification
	{"POST /api/v1/ingest", "ingest?source=one", `{"a":1}`},
	{"POST /api/v1/ingest", "ingest?source=two", "\x00\x01 no log"},
	{"POST /api/v1/ingest", "ingest?source=none", ""},
}

func TestAnswersAreAsDocumented(t *testing.T) {
	d, s := readDocument(t), startWithCase(t)
	fill := s.identifiers()
	asked := make(map[string]bool)
	for _, a := range answers {
		asked[a.route] = true
		t.Run(strings.ReplaceAll(a.target, "/", " "), func(t *testing.T) {
			method, _, _ := strings.Cut(a.route, " ")
			checkAnswer(t, d, s, a.route, request(method, fill.Replace(a.target), fill.Replace(a.body)))
		})
	}
	for _, route := range s.api.Routes() {
		if !asked[route] {
			t.Errorf("no answer of %s is checked", route)
		}
	}
}

// TestEmptyFolderAnswersAreAsDocumented asks before anything has arrived.
func TestEmptyFolderAnswersAreAsDocumented(t *testing.T) {
	d, s := readDocument(t), start(t)
	for _, a := range answers {
		if strings.Contains(a.route, "{") || !strings.HasPrefix(a.route, "GET") {
			continue
		}
		t.Run(a.target, func(t *testing.T) {
			checkAnswer(t, d, s, a.route, request("GET", a.target, ""))
		})
	}
}

func request(method, target, body string) *http.Request {
	return signIn(httptest.NewRequest(method, "/api/v1/"+target, strings.NewReader(body)))
}

func checkAnswer(t *testing.T, d *document, s *server, route string, r *http.Request) {
	t.Helper()
	stream := strings.HasSuffix(route, "/stream")
	if stream {
		ctx, cancel := context.WithTimeout(r.Context(), 300*time.Millisecond)
		defer cancel()
		r = r.WithContext(ctx)
	}
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", r.URL, w.Code, w.Body)
	}
	if got, want := w.Header().Get("Content-Type"), d.media(route); got != want {
		t.Fatalf("%s is %s, documented is %s", r.URL, got, want)
	}
	body, err := w.Body.Bytes(), error(nil)
	switch {
	case stream:
		_, data, _ := strings.Cut(w.Body.String(), "data: ")
		data, _, _ = strings.Cut(data, "\n")
		body = []byte(data)
		err = d.check(body, "components", "schemas", "Status")
	case w.Header().Get("Content-Type") == "application/json":
		err = d.checkAnswer(route, body)
	case len(body) == 0:
		t.Errorf("%s: empty answer", r.URL)
	}
	if err != nil {
		t.Errorf("%s is not as documented: %v\n%.3000s", r.URL, err, body)
	}
}

// parameters returns the parameters of a route with references followed.
func (d *document) parameters(route string) []map[string]any {
	list, _ := d.operations()[route]["parameters"].([]any)
	out := make([]map[string]any, len(list))
	for i, p := range list {
		out[i] = d.at(p).(map[string]any)
	}
	return out
}

// values returns values of a query parameter that the document allows and some
// that it does not.
func (d *document) values(p map[string]any) (good, bad []string) {
	schema := d.at(p["schema"]).(map[string]any)
	if enum, ok := schema["enum"].([]any); ok {
		for _, v := range enum {
			good = append(good, fmt.Sprint(v))
		}
		return good, []string{"nonsense", strings.ToUpper(good[0])}
	}
	switch {
	case schema["type"] == "integer":
		bad = append(bad, "x", "1.5", "-1", "9999999999999999999")
		for key, step := range map[string]int{"minimum": -1, "maximum": 1} {
			limit, err := strconv.Atoi(fmt.Sprint(schema[key]))
			if err != nil {
				continue
			}
			good = append(good, strconv.Itoa(limit))
			bad = append(bad, strconv.Itoa(limit+step))
		}
	case schema["format"] == "date-time":
		good = []string{
			"2026-03-02T09:00:00Z", "2026-03-02T09:00:00.123456789Z", "2026-03-02T10:00:00+01:00",
			"1000-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
		}
		bad = []string{"yesterday", "2026-03-02", "2026-13-02T09:00:00Z", "1772442909"}
	}
	return good, bad
}

// TestParametersAreAsDocumented tries what openapi.yaml says of every query
// parameter: limits and listed values hold, everything else is a problem.
func TestParametersAreAsDocumented(t *testing.T) {
	d, s := readDocument(t), startWithCase(t)
	needed := map[string]string{
		"facets": "field=device.hostname", "ingest": "source=x",
		"rules/{id}/explain": "event=EVENT",
	}
	fill := s.identifiers()
	for _, route := range s.api.Routes() {
		method, path, _ := strings.Cut(route, " ")
		name := strings.TrimPrefix(path, "/api/v1/")
		for _, p := range d.parameters(route) {
			if p["in"] != "query" {
				continue
			}
			good, bad := d.values(p)
			for _, value := range slices.Concat(good, bad) {
				want := http.StatusOK
				if slices.Contains(bad, value) {
					want = http.StatusBadRequest
				}
				key := p["name"].(string)
				id := map[string]string{
					"reviews/{id}": "gap-consultant", "incidents/{id}/export": "INCIDENT",
				}[name]
				id = cmp.Or(id, "RULE")
				target := fill.Replace(strings.ReplaceAll(name, "{id}", id) + "?" + needed[name] + "&")
				target += key + "=" + url.QueryEscape(value)
				w := s.ask(method, target, `{"a":1}`)
				if w.Code != want {
					t.Errorf("%s: %d, want %d: %.300s", target, w.Code, want, w.Body)
				}
				if w.Code != http.StatusOK {
					problem(t, w)
				}
			}
		}
	}
}
