package report

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/printable"
	"github.com/evident-sec/evident/internal/state"
)

// sarifSchema is the schema of the OASIS standard SARIF 2.1.0.
const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/" +
	"sarif-schema-2.1.0.json"

// sarifWriter prints one SARIF log with one run. Results go out as they come;
// the rules that they refer to by index stand after them.
type sarifWriter struct {
	out   *bufio.Writer
	maker string // version of this program
	rules []sarifRule
	index map[string]int
	count int
}

func newSARIFWriter(out *bufio.Writer, version string) *sarifWriter {
	return &sarifWriter{out: out, maker: version, index: map[string]int{}}
}

type sarifText struct {
	Text string `json:"text"`
}

// sarifRule is a reportingDescriptor.
type sarifRule struct {
	ID      string         `json:"id"`
	Name    string         `json:"name,omitempty"`
	Short   sarifText      `json:"shortDescription"`
	Full    sarifText      `json:"fullDescription"`
	HelpURI string         `json:"helpUri,omitempty"`
	Config  sarifConfig    `json:"defaultConfiguration"`
	Props   map[string]any `json:"properties"`
}

type sarifConfig struct {
	Level string `json:"level"`
}

type sarifResult struct {
	RuleID       string            `json:"ruleId"`
	RuleIndex    int               `json:"ruleIndex"`
	Level        string            `json:"level"`
	Message      sarifText         `json:"message"`
	Locations    []sarifLocation   `json:"locations"`
	Fingerprints map[string]string `json:"partialFingerprints"`
	Props        map[string]any    `json:"properties"`
}

type sarifLocation struct {
	Physical sarifPhysical `json:"physicalLocation"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   sarifRegion   `json:"region"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

// sarifRegion has the record's number as its line: in line formats it is one.
type sarifRegion struct {
	Line int64 `json:"startLine"`
}

// sarifLevels are SARIF levels by OCSF severity_id.
var sarifLevels = [...]string{"none", "note", "note", "warning", "error", "error", "error"}

// securitySeverities are what code hosts sort by, on the scale of CVSS.
var securitySeverities = [...]string{"0.0", "1.0", "3.0", "5.5", "8.0", "9.5", "10.0"}

func (w *sarifWriter) Write(f *state.Finding) error {
	body, err := Body(f)
	if err != nil {
		return err
	}
	key := cmp.Or(f.Rule, f.Title)
	n, ok := w.index[key]
	if !ok {
		n = len(w.rules)
		w.index[key] = n
		w.rules = append(w.rules, sarifRuleOf(key, body))
	}
	lead := ",\n"
	if w.count == 0 {
		w.begin()
		lead = "\n"
	}
	w.count++
	w.out.WriteString(lead) // an error stays in the buffer
	return w.encode(sarifResultOf(key, n, f, body))
}

func (w *sarifWriter) begin() {
	fmt.Fprintf(w.out, `{"$schema":%q,"version":"2.1.0","runs":[{"results":[`, sarifSchema)
}

func (w *sarifWriter) encode(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write findings: %w", err)
	}
	_, err = w.out.Write(printable.JSON(text))
	return err
}

func (w *sarifWriter) Flush() error { return flush(w.out) }

// close writes the tool with its rules.
func (w *sarifWriter) Close() error {
	if w.count == 0 {
		w.begin()
	}
	w.out.WriteString("],\n\"columnKind\":\"unicodeCodePoints\",\"tool\":")
	rules := w.rules
	if rules == nil {
		rules = []sarifRule{}
	}
	driver := map[string]any{
		"name": "evident", "version": w.maker, "rules": rules,
		"shortDescription": sarifText{"Sigma detection over log records"},
	}
	if err := w.encode(map[string]any{"driver": driver}); err != nil {
		return err
	}
	w.out.WriteString("}]}\n")
	return flush(w.out)
}

func sarifRuleOf(key string, body *detect.Finding) sarifRule {
	techniques, tactics := attacksOf(body)
	tags := []string{"security"}
	for _, t := range techniques {
		tags = append(tags, "attack."+strings.ToLower(t))
	}
	r := sarifRule{
		ID: key, Name: body.Info.Title, Short: sarifText{body.Info.Title},
		Full:   sarifText{cmp.Or(body.Info.Desc, body.Info.Title)},
		Config: sarifConfig{sarifLevels[min(int(body.SeverityID), len(sarifLevels)-1)]},
		Props: map[string]any{
			"tags": tags, "tactics": orNone(tactics),
			"security-severity": securitySeverities[min(int(body.SeverityID), len(securitySeverities)-1)],
			"author":            body.Evident.Author, "license": body.Evident.License,
			"references": orNone(body.Evident.References), "rule_sha256": body.Evident.RuleSHA256,
			"rule_file": body.Evident.RuleFile,
		},
	}
	for _, ref := range body.Evident.References {
		if u, err := url.Parse(ref); err == nil && u.IsAbs() && u.Host != "" {
			r.HelpURI = u.String()
			break
		}
	}
	return r
}

func orNone(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func sarifResultOf(key string, index int, f *state.Finding, body *detect.Finding) sarifResult {
	at := Evidence(body)
	file := strings.TrimPrefix(cmp.Or(at.File, "event/"+at.EventUID), "file:")
	message := f.Title
	if f.Host != "" {
		message += " on " + f.Host
	}
	sum := sha256.Sum256([]byte(key + "\n" + file + "\n" + fmt.Sprint(at.Record)))
	return sarifResult{
		RuleID: key, RuleIndex: index, Message: sarifText{message},
		Level: sarifLevels[min(int(f.Severity), len(sarifLevels)-1)],
		Locations: []sarifLocation{{sarifPhysical{
			sarifArtifact{(&url.URL{Path: file}).String()}, sarifRegion{max(at.Record, 1)},
		}}},
		Fingerprints: map[string]string{"ruleFileRecord/v1": hex.EncodeToString(sum[:])},
		Props: map[string]any{
			"finding_uid": f.UID, "time": f.Time.UTC().Format(time.RFC3339Nano), "host": f.Host,
			"event_uid": at.EventUID, "matched": at.Matched, "entity": body.Evident.Entity,
		},
	}
}
