package exchange_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/evident-sec/evident/exposure"
	"github.com/evident-sec/evident/exposure/checks"
	"github.com/evident-sec/evident/exposure/packs"
	"github.com/evident-sec/evident/internal/exchange"
	"github.com/evident-sec/evident/register"
)

var today = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func harbor(t *testing.T) *register.Register {
	t.Helper()
	r, problems, err := register.Load(os.DirFS("../../examples/harbor/register"))
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	return r
}

// written is what a writer writes, twice the same.
func written(t *testing.T, write func(w io.Writer) error) []byte {
	t.Helper()
	var a, b bytes.Buffer
	if err := write(&a); err != nil {
		t.Fatal(err)
	}
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two writes of the same register differ")
	}
	return a.Bytes()
}

// TestReadsBack: what is exported for other tools is read by the importers with
// as many systems.
func TestReadsBack(t *testing.T) {
	r := harbor(t)
	for name, body := range map[string][]byte{
		"CycloneDX": written(t, func(w io.Writer) error { return exchange.WriteCycloneDX(w, r) }),
		"SSP":       written(t, func(w io.Writer) error { return exchange.WriteSSP(w, r, today) }),
	} {
		got, err := exchange.Import(name, body)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(got.Register.Systems); n < len(r.Systems) {
			t.Errorf("%s: %d systems, want %d", name, n, len(r.Systems))
		}
	}
}

// TestRedactedNamesNothing: no identifier and no name of the register is in what
// a vendor gets, and no count under five.
func TestRedactedNamesNothing(t *testing.T) {
	r := harbor(t)
	body := string(written(t, func(w io.Writer) error { return exchange.WriteRedacted(w, r) }))
	allowed := strings.Join(register.KindNames(), " ")
	for _, c := range register.Categories() {
		allowed += " " + string(c.Category)
	}
	for _, it := range r.Items() {
		for _, word := range []string{it.Entity.ID, it.Entity.Name} {
			if len(word) > 4 && strings.Contains(body, `"`+word+`"`) && !strings.Contains(allowed, word) {
				t.Errorf("%q is in the redacted export", word)
			}
		}
	}
	var out map[string]json.RawMessage
	if err := json.Unmarshal([]byte(body), &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(body, "under 5") {
		t.Error("small counts are not withheld")
	}
}

func TestFindingsAsOSCAL(t *testing.T) {
	r := harbor(t)
	pack, err := checks.LoadPack(packs.FS)
	if err != nil {
		t.Fatal(err)
	}
	found := checks.Run(pack, r, exposure.Derive(r, today), today)
	var results struct {
		Results struct {
			Results []struct {
				Findings []struct {
					Target struct {
						ID     string `json:"target-id"`
						Status struct{ State string }
					}
				}
				Observations []struct{ UUID string }
			}
		} `json:"assessment-results"`
	}
	body := written(t, func(w io.Writer) error { return exchange.WriteAssessment(w, r, found, today) })
	if err := json.Unmarshal(body, &results); err != nil {
		t.Fatal(err)
	}
	one := results.Results.Results[0]
	if len(one.Findings) != 12 || len(one.Observations) != len(found) {
		t.Errorf("%d findings, %d observations, want 12 and %d", len(one.Findings), len(one.Observations), len(found))
	}
	for _, f := range one.Findings {
		if f.Target.Status.State != "not-satisfied" || f.Target.ID == "" {
			t.Errorf("finding %+v", f)
		}
	}
	var plan struct {
		Plan struct {
			Items []struct{ Title string } `json:"poam-items"`
		} `json:"plan-of-action-and-milestones"`
	}
	body = written(t, func(w io.Writer) error { return exchange.WritePOAM(w, r, found, today) })
	if err := json.Unmarshal(body, &plan); err != nil || len(plan.Plan.Items) != 12 {
		t.Errorf("%d items, %v", len(plan.Plan.Items), err)
	}
}

// TestSheetsRunNothing: a cell that begins like a formula becomes text.
func TestSheetsRunNothing(t *testing.T) {
	r, problems := register.Parse("r.yaml", []byte("systems: [{id: a, name: '=cmd()'}]\n"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	body := written(t, func(w io.Writer) error { return exchange.WriteCSV(w, r) })
	rows, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
	if err != nil || len(rows) != 2 || rows[1][2] != "'=cmd()" {
		t.Errorf("rows %q, %v", rows, err)
	}
	dot := string(written(t, func(w io.Writer) error { return exchange.WriteDOT(w, exposure.Derive(r, today)) }))
	if !strings.Contains(dot, `"a" [label="=cmd()"`) {
		t.Errorf("graph:\n%s", dot)
	}
}
