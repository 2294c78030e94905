package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

type sealedIncident struct{ Event, Incident, Digest, Root, File string }

// sealed has an incident sealed.
func (s *server) sealed(id string) (made sealedIncident) {
	s.Helper()
	w := s.ask("POST", "incidents/"+id+"/seal", "")
	if w.Code != http.StatusOK {
		s.Fatalf("seal %s: %d %s", id, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil {
		s.Fatal(err)
	}
	return made
}

// TestSealedIncident: what arrives later does not change what a sealed result is
// held against; the record can be read, and a changed file is refused.
func TestSealedIncident(t *testing.T) {
	s := startWithCase(t)
	made := s.sealed(s.identifiers().Replace("INCIDENT"))
	s.send("later", `{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"ws07",`+
		`"UtcTime":"2026-03-02 09:00:00.000","Image":"C:\\a.exe"}`)
	w := s.ask("POST", "incidents/check", made.File)
	var v struct {
		Same                 bool
		Digest, Was, Root    string
		Altered, Gone, Added []uint64
		Differences          []any
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || !v.Same || v.Digest != made.Digest ||
		v.Was != v.Digest || v.Root != made.Root || len(v.Altered)+len(v.Gone)+len(v.Added)+len(v.Differences) > 0 {
		t.Errorf("checked: %d %s", w.Code, w.Body)
	}
	if w := s.ask("GET", "events/"+made.Event+"/raw", ""); !strings.Contains(w.Body.String(), made.Digest) {
		t.Errorf("record %s is not the sealed result: %s", made.Event, w.Body)
	}
	for _, body := range []string{"", "{}", strings.Replace(made.File, `"raw":"ey`, `"raw":"fy`, 1)} {
		w := s.ask("POST", "incidents/check", body)
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "bad-sealed") {
			t.Errorf("%.40q: %d %s", body, w.Code, w.Body)
		}
	}
	if w := s.ask("POST", "incidents/nothing/seal", ""); w.Code != http.StatusNotFound {
		t.Errorf("nothing to seal: %d %s", w.Code, w.Body)
	}
}
