package review

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// sarifLevel maps severities to SARIF's levels.
var sarifLevel = map[string]string{"critical": "error", "high": "error", "medium": "warning", "low": "note"}

// WriteSARIF writes the findings and conditions as SARIF 2.1.0, for a pull
// request.
func (r *Report) WriteSARIF(w io.Writer) error {
	rules, results := []map[string]any{}, []map[string]any{}
	var known []string
	add := func(id, help, level, text, file string, line int) {
		if !slices.Contains(known, id) {
			known = append(known, id)
			rules = append(rules, map[string]any{"id": id, "shortDescription": map[string]string{"text": help}})
		}
		results = append(results, map[string]any{
			"ruleId": id, "ruleIndex": slices.Index(known, id), "level": level,
			"message": map[string]string{"text": text},
			"locations": []any{map[string]any{"physicalLocation": map[string]any{
				"artifactLocation": map[string]string{"uri": file},
				"region":           map[string]int{"startLine": max(line, 1)},
			}}},
		})
	}
	for _, c := range r.Conditions {
		add("exposure-condition", "A change to the proposal that the review asks for", "error", c.Text+" ("+c.Why+")", c.File, c.Line)
	}
	for _, f := range r.Flags {
		add(f.Check, f.Title, sarifLevel[f.Severity], f.Entity+": "+f.Text+" ("+f.Standard+")", f.File, f.Line)
	}
	for _, p := range slices.Concat(r.NewPaths, r.CheaperPaths) {
		for _, s := range p.Steps {
			if s.New {
				add("exposure-path", "A way to a holding that is new or easier", "warning",
					fmt.Sprintf("%s reaches %s (%s): %s to %s", p.Foothold, p.Holding, p.After, s.From, s.To), s.File, s.Line)
				break
			}
		}
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(map[string]any{
		"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
		"runs": []any{map[string]any{
			"tool": map[string]any{"driver": map[string]any{
				"name": "evident exposure review", "version": engine, "rules": rules,
			}},
			"results": results,
		}},
	})
}
