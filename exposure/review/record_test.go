package review_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/evident-sec/evident/exposure/review"
)

// keys makes a key pair for each role.
func keys(t *testing.T, roles ...string) (signers map[string]note.Signer, known note.Verifiers) {
	t.Helper()
	signers = map[string]note.Signer{}
	var list []note.Verifier
	for _, role := range roles {
		private, public, err := note.GenerateKey(rand.Reader, role)
		if err != nil {
			t.Fatal(err)
		}
		if signers[role], err = note.NewSigner(private); err != nil {
			t.Fatal(err)
		}
		v, err := note.NewVerifier(public)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	return signers, note.VerifierList(list...)
}

// sample is a report whose names try to break out of what it is written into.
func sample(t *testing.T) []byte {
	t.Helper()
	r := review.Run(input(t, `
roles: [{id: staff, foothold: likely}, {id: buyer}]
systems: [{id: hub}, {id: menu}]
holdings: [{id: files, system: hub, categories: [face], records: 100}]
---8<---
proposals: [{id: p, kind: integration, name: "<script>alert(1)</script>|x", requester: buyer, summary: "a | b <img src=x onerror=y>"}]
access: [{id: a1, who: staff, on: hub, verbs: administer}]
`))
	body, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestTwoRolesSign(t *testing.T) {
	report := sample(t)
	signers, known := keys(t, "ciso", "privacy", "buyer", "stranger")
	text, err := review.NewRecord(report)
	if err != nil {
		t.Fatal(err)
	}
	one, err := review.Sign([]byte(text), signers["ciso"], known)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := review.Check(one, report, known); err == nil {
		t.Error("one signature passed")
	}
	if _, err := review.Sign(one, signers["ciso"], known); err == nil {
		t.Error("the same role signed twice")
	}
	if _, err := review.Sign(one, signers["buyer"], known); err == nil {
		t.Error("the requester signed")
	}
	two, err := review.Sign(one, signers["privacy"], known)
	if err != nil {
		t.Fatal(err)
	}
	roles, err := review.Check(two, report, known)
	if err != nil || strings.Join(roles, " ") != "ciso privacy" {
		t.Errorf("roles %v, %v", roles, err)
	}
	other := bytes.Replace(report, []byte(`"pass`), []byte(`"Pass`), 1)
	if bytes.Equal(other, report) {
		other = bytes.Replace(report, []byte(`"deny"`), []byte(`"pass"`), 1)
	}
	if _, err := review.Check(two, other, known); err == nil {
		t.Error("the record passed for another report")
	}
	_, strangers := keys(t, "ciso", "privacy")
	if _, err := review.Check(two, report, strangers); err == nil {
		t.Error("signatures by unknown keys passed")
	}
	if _, err := review.Sign(bytes.Replace(one, []byte("result "), []byte("result x"), 1), signers["privacy"], known); err == nil {
		t.Error("a changed record was signed")
	}
}

func TestWrites(t *testing.T) {
	var r review.Report
	if err := json.Unmarshal(sample(t), &r); err != nil {
		t.Fatal(err)
	}
	var html, md, sarif bytes.Buffer
	if err := r.WriteHTML(&html); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteMarkdown(&md); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteSARIF(&sarif); err != nil {
		t.Fatal(err)
	}
	for name, out := range map[string]string{"html": html.String(), "markdown": md.String()} {
		if strings.Contains(out, "<script") || strings.Contains(out, "<img") {
			t.Errorf("%s: a name became markup", name)
		}
		for _, want := range []string{"files", "Conditions", r.Inputs.Base, "counsel"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s does not say %q", name, want)
			}
		}
	}
	var log struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct{ Rules []struct{ ID string } }
			}
			Results []struct {
				RuleID    string
				RuleIndex int
				Level     string
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine int }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(sarif.Bytes(), &log); err != nil || log.Version != "2.1.0" || len(log.Runs) != 1 {
		t.Fatalf("sarif: %v\n%s", err, sarif.String())
	}
	if len(log.Runs[0].Results) == 0 {
		t.Error("sarif has no result")
	}
	for _, x := range log.Runs[0].Results {
		at := x.Locations[0].PhysicalLocation
		if log.Runs[0].Tool.Driver.Rules[x.RuleIndex].ID != x.RuleID || at.Region.StartLine < 1 || at.ArtifactLocation.URI == "" {
			t.Errorf("result %+v", x)
		}
	}
}
