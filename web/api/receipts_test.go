package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

type sealedReceipt struct {
	Event, File string
	Receipt     struct {
		Root    string
		Results int64
		Events  []string
	}
}

// receipt has a search sealed.
func (s *server) receipt(query string) (made sealedReceipt) {
	s.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		s.Fatal(err)
	}
	w := s.ask("POST", "receipts", string(body))
	if w.Code != http.StatusOK {
		s.Fatalf("receipt of %s: %d %s", query, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil {
		s.Fatal(err)
	}
	return made
}

// TestReceiptCoversWhatWasThere: what arrives later does not change the answer;
// the receipt is itself a record that can be read.
func TestReceiptCoversWhatWasThere(t *testing.T) {
	s := startWithCase(t)
	const query = "device.hostname:ws07"
	made := s.receipt(query)
	if made.Receipt.Results == 0 || int(made.Receipt.Results) != len(made.Receipt.Events) {
		t.Fatalf("receipt has %d results and lists %d", made.Receipt.Results, len(made.Receipt.Events))
	}
	s.send("later", `{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"ws07",`+
		`"UtcTime":"2026-03-02 09:00:00.000","Image":"C:\\a.exe"}`)
	if now := s.receipt(query); now.Receipt.Results != made.Receipt.Results+1 {
		t.Errorf("a receipt made later has %d results, want one more than %d", now.Receipt.Results, made.Receipt.Results)
	}
	w := s.ask("POST", "receipts/check", made.File)
	var d struct {
		Same         bool
		Results, Had int64
		Root, Was    string
	}
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil || !d.Same || d.Root != made.Receipt.Root || d.Was != d.Root {
		t.Errorf("checked: %d %s", w.Code, w.Body)
	}
	if w := s.ask("GET", "events/"+made.Event+"/raw", ""); !strings.Contains(w.Body.String(), made.Receipt.Root) {
		t.Errorf("record %s is not the receipt: %s", made.Event, w.Body)
	}
}

func TestReceiptsThatCannotBe(t *testing.T) {
	s := startWithCase(t)
	made := s.receipt("device.hostname:ws07")
	for name, c := range map[string]struct{ target, body, code string }{
		"query":          {"receipts", `{"query":"device.hostname:("}`, "query-syntax"},
		"stages":         {"receipts", `{"query":"* | count by class_name"}`, "query-syntax"},
		"unknown fields": {"receipts", `{"q":"*"}`, "bad-body"},
		"no receipt":     {"receipts/check", "one line\n", "bad-receipt"},
		"nothing":        {"receipts/check", "", "bad-receipt"},
		"changed":        {"receipts/check", strings.Replace(made.File, `"raw":"ey`, `"raw":"fy`, 1), "bad-receipt"},
		"too long":       {"receipts/check", strings.Repeat(" ", 9<<20) + made.File, "bad-receipt"},
	} {
		t.Run(name, func(t *testing.T) {
			w := s.ask("POST", c.target, c.body)
			if p := problem(t, w); p.Status != http.StatusBadRequest || p.Code != c.code || p.Next == "" {
				t.Errorf("answer is %+v, want %s", p, c.code)
			}
		})
	}
}
