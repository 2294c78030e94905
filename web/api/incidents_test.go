package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// TestOverlaysStandBesideTheResult: what is said over the API is listed, has
// the caller as its author whatever the body says, and does not touch a byte of
// the result.
func TestOverlaysStandBesideTheResult(t *testing.T) {
	s := startWithCase(t)
	fill := s.identifiers()
	incident := fill.Replace("incidents/INCIDENT")
	before := s.ask("GET", incident, "").Body.String()
	for _, c := range []struct {
		body, says string
		code       int
	}{
		{`{"kind":"confirm","step":1,"reason":"seen"}`, `"author":"`, http.StatusOK},
		{`{"kind":"confirm","step":1,"reason":"r","author":"somebody"}`, "author", http.StatusBadRequest},
		{`{"kind":"confirm","reason":"r"}`, "bad-overlay", http.StatusBadRequest},
		{`{"kind":"reject","step":1}`, "gives no reason", http.StatusBadRequest},
		{`{"kind":"withdraw","withdraws":"note-1","reason":"r"}`, "bad-overlay", http.StatusBadRequest},
	} {
		w := s.ask("POST", incident+"/overlays", c.body)
		if w.Code != c.code || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s: %d %s", c.body, w.Code, w.Body)
		}
	}
	var list struct {
		Overlays []struct{ Author, Kind string }
	}
	body := s.ask("GET", incident+"/overlays", "").Body.Bytes()
	if err := json.Unmarshal(body, &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Overlays) != 1 || list.Overlays[0].Kind != "confirm" || list.Overlays[0].Author == "" {
		t.Errorf("%+v", list)
	}
	if after := s.ask("GET", incident, "").Body.String(); after != before {
		t.Error("the result has other bytes")
	}
}

// TestExportIsAFileToKeep: no form is ever shown as a page.
func TestExportIsAFileToKeep(t *testing.T) {
	s := startWithCase(t)
	fill := s.identifiers()
	for _, format := range strings.Fields("text markdown html json timesketch stix ocsf dot notes") {
		w := s.ask("GET", fill.Replace("incidents/INCIDENT/export?format=")+format, "")
		h := w.Header()
		if w.Code != http.StatusOK || w.Body.Len() == 0 ||
			h.Get("Content-Type") != "application/octet-stream" ||
			h.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.HasPrefix(h.Get("Content-Disposition"), "attachment; filename=") {
			t.Errorf("%s: %d %v, %d bytes", format, w.Code, h, w.Body.Len())
		}
	}
}
