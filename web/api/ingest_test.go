package api_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/evident-sec/evident/event"
)

// ingested is the answer of an ingest.
type ingested struct {
	Files, Records, Already, Skipped int64
	Entries                          []uint64
	Problems                         []struct{ Path, Where, Text string }
}

func (s *server) send(source, body string) ingested {
	s.Helper()
	w := s.ask("POST", "ingest?source="+url.QueryEscape(source), body)
	if w.Code != http.StatusOK {
		s.Fatalf("ingest from %q: %d %s", source, w.Code, w.Body)
	}
	var out ingested
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		s.Fatal(err)
	}
	return out
}

// lines returns n distinct records.
func lines(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"time":"2026-03-02T09:00:00Z","host":"h%d","message":"record %d"}`+"\n", i%7, i)
	}
	return b.String()
}

func TestIngest(t *testing.T) {
	s := start(t)
	const n = event.MaxEntryRecords*2 + 10
	body := lines(n)
	first := s.send("harbor", body)
	if first.Records != n || first.Already+first.Skipped != 0 || len(first.Problems) != 0 {
		t.Fatalf("first time: %+v", first)
	}
	if len(first.Entries) != 2 || first.Entries[1]-first.Entries[0] != 2 || first.Entries[1] != s.entries() {
		t.Errorf("entries %v, want three up to %d", first.Entries, s.entries())
	}
	again := s.send("harbor", body)
	if again.Records != 0 || again.Already != n || len(again.Entries) != 0 {
		t.Errorf("second time: %+v, want all %d known and no entry", again, n)
	}
	more := s.send("harbor", body+`{"message":"one more"}`+"\n")
	if more.Records != 1 || more.Already != n {
		t.Errorf("with one more: %+v", more)
	}
}

// TestIngestStoresTheBytes: what arrives over HTTP is kept byte for byte.
func TestIngestStoresTheBytes(t *testing.T) {
	s := start(t)
	raw := "{\"host\":\"h1\",\t\"message\":\"\\u001b[2J <b>\xff</b> \"}"
	in := s.send("odd", raw+"\r\n")
	w := s.ask("GET", fmt.Sprintf("events/%d-0/raw", in.Entries[0]), "")
	if got := w.Body.String(); got != raw {
		t.Errorf("raw is %q, want %q", got, raw)
	}
	h := w.Header()
	if h.Get("Content-Type") != "application/octet-stream" ||
		!strings.HasPrefix(h.Get("Content-Disposition"), "attachment") ||
		h.Get("X-Evident-Entry") != fmt.Sprint(in.Entries[0]) || h.Get("X-Evident-Leaf") != "0" {
		t.Errorf("headers of raw: %v", h)
	}
}

func TestIngestOfBadParts(t *testing.T) {
	s := start(t)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	fmt.Fprint(z, lines(20_000))
	z.Close()
	for _, c := range []struct {
		name, body, says string
		records          bool
	}{
		{"binary", "\x7fELF\x00\x00\x01", "binary", false},
		{"evtx", "ElfFile\x00 and more", "EVTX", false},
		{"truncated", packed.String()[:packed.Len()/2], "truncated", true},
		{"prose", "Dear port authority,\nplease find attached", "no log format", false},
		{"long", `{"a":"` + strings.Repeat("x", event.MaxRecordBytes) + "\"}\n" + lines(3), "skipped", true},
	} {
		got := s.send(c.name, c.body)
		if got.Skipped != 1 || len(got.Problems) != 1 || !strings.Contains(got.Problems[0].Text, c.says) ||
			got.Problems[0].Path != "http:"+c.name {
			t.Errorf("%s: %+v, want one problem that says %q", c.name, got, c.says)
		}
		if (got.Records > 0) != c.records {
			t.Errorf("%s: %d records taken", c.name, got.Records)
		}
	}
	if got := s.send("empty", ""); got.Records+got.Skipped != 0 || len(got.Entries) != 0 {
		t.Errorf("nothing gave %+v", got)
	}
}

// TestUndecodableRecordIsKept: a record that is no JSON is sealed like others
// and counted as a dead letter.
func TestUndecodableRecordIsKept(t *testing.T) {
	s := start(t)
	in := s.send("half", lines(1)+`{"message":"cut`+"\n")
	if in.Records != 2 || len(in.Problems) != 0 {
		t.Fatalf("%+v", in)
	}
	if err := s.node.CatchUp(context.Background()); err != nil {
		t.Fatal(err)
	}
	var health struct {
		Letters []struct {
			UID, Source, Reason string
			Position            int64
		} `json:"dead_letters"`
	}
	s.get("health", &health)
	want := event.ID{Entry: in.Entries[0], Leaf: 1}.String()
	if len(health.Letters) != 1 || health.Letters[0].UID != want || health.Letters[0].Position != 2 ||
		health.Letters[0].Reason == "" {
		t.Errorf("dead letters are %+v, want %s", health.Letters, want)
	}
}

func TestSourceNames(t *testing.T) {
	s := start(t)
	for i, name := range []string{
		"../../etc/passwd", "/etc/passwd", `C:\Windows`, "evident:audit", "a!b!c.zip", "%2e%2e%2f",
		"<script>alert(1)</script>", `";DROP TABLE events;--`, "порт журнал", strings.Repeat("n", 200),
	} {
		in := s.send(name, fmt.Sprintf(`{"message":"name %d"}`, i))
		if in.Records != 1 {
			t.Fatalf("%q: %+v", name, in)
		}
		var detail struct{ Evident struct{ Source string } }
		s.get(fmt.Sprintf("events/%d-0", in.Entries[0]), &detail)
		if detail.Evident.Source != "http:"+name {
			t.Errorf("%q is kept as %q", name, detail.Evident.Source)
		}
	}
	if _, err := os.Stat("etc"); err == nil {
		t.Error("a name became a path")
	}
	before := s.entries()
	for _, name := range []string{
		"", strings.Repeat("n", 201), "two\nlines", "\x1b[31mred", "nul\x00", "\xff\xfe", "a\u202egpj.exe",
		"tab\tbed", "zero\u200bwidth",
	} {
		p := problem(t, s.ask("POST", "ingest?source="+url.QueryEscape(name), `{"a":1}`))
		if p.Status != 400 || p.Code != "bad-source" {
			t.Errorf("%q: %+v", name, p)
		}
	}
	if s.entries() != before {
		t.Error("a refused sender got something in")
	}
}

func TestIngestRefusesFormsAndUnknownFormats(t *testing.T) {
	s := start(t)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("log", "a.json")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(part, lines(1))
	form.Close()
	r := request("POST", "ingest?source=form", body.String())
	r.Header.Set("Content-Type", form.FormDataContentType())
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, r)
	if p := problem(t, w); p.Status != 400 || p.Code != "bad-body" {
		t.Errorf("form: %+v", p)
	}
	if p := problem(t, s.ask("POST", "ingest?source=x&format=exe", lines(1))); p.Code != "bad-format" {
		t.Errorf("format: %+v", p)
	}
	if s.entries() != 0 {
		t.Error("something was taken")
	}
}
