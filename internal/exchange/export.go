package exchange

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	guuid "github.com/google/uuid"

	"github.com/evident-sec/evident/exposure"
	"github.com/evident-sec/evident/register"
)

// uuid names something by what it is: a version 5 UUID (RFC 9562), which OSCAL
// asks for, under a name space of its own.
func uuid(parts ...string) string {
	space := guuid.NewSHA1(guuid.NameSpaceURL, []byte("urn:evident:register"))
	return guuid.NewSHA1(space, []byte(strings.Join(parts, "\x00"))).String()
}

// writeJSON writes one indented JSON value.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// WriteCycloneDX writes systems as the services of a CycloneDX 1.6 document,
// with their operators, zones and data.
func WriteCycloneDX(w io.Writer, r *register.Register) error {
	data := map[string][]map[string]any{}
	for _, h := range r.Holdings {
		for _, c := range h.Categories {
			data[h.System] = append(data[h.System], map[string]any{
				"name": orText(h.Name, h.ID), "classification": string(c), "flow": "unknown",
			})
		}
	}
	services := []map[string]any{}
	for _, s := range r.Systems {
		v := map[string]any{"bom-ref": s.ID, "name": orText(s.Name, s.ID), "x-trust-boundary": s.Exposed}
		if s.Note != "" {
			v["description"] = s.Note
		}
		if s.Operator != "" {
			v["provider"] = map[string]any{"name": r.Label(s.Operator)}
		}
		if s.Zone != "" {
			v["trustZone"] = r.Label(s.Zone)
		}
		if data[s.ID] != nil {
			v["data"] = data[s.ID]
		}
		services = append(services, v)
	}
	on := map[string][]string{}
	for _, f := range r.Flows {
		on[f.To] = append(on[f.To], f.From)
	}
	dependencies := []map[string]any{}
	for _, s := range r.Systems {
		if list := on[s.ID]; list != nil {
			slices.Sort(list)
			dependencies = append(dependencies, map[string]any{"ref": s.ID, "dependsOn": slices.Compact(list)})
		}
	}
	hash := r.Hash()
	return writeJSON(w, map[string]any{
		"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
		"serialNumber": "urn:uuid:" + uuid("cyclonedx", string(hash[:])),
		"services":     services, "dependencies": dependencies,
	})
}

// WriteDOT writes the graph of moves for Graphviz, zones as clusters.
func WriteDOT(w io.Writer, m *exposure.Model) error {
	var b strings.Builder
	b.WriteString("digraph exposure {\n  rankdir=LR;\n  node [fontname=\"sans-serif\", fontsize=10];\n")
	shapes := map[string]string{
		"holdings": "cylinder", "roles": "ellipse", "vendors": "house", "zones": "folder", "fleets": "component",
		"identity_providers": "hexagon", "knowledge": "note",
	}
	for _, n := range m.Nodes {
		shape := orText(shapes[n.Kind], "box")
		fmt.Fprintf(&b, "  %s [label=%s, shape=%s];\n", strconv.Quote(n.ID), strconv.Quote(n.Label), shape)
	}
	for _, v := range m.Moves {
		fmt.Fprintf(&b, "  %s -> %s [label=%s];\n", strconv.Quote(v.From), strconv.Quote(v.To),
			strconv.Quote(v.Rule+" ("+string(v.Band)+")"))
	}
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteCSV writes one row an entity: kind, id, name, where it is written, and
// its fields as JSON. Cells that a spreadsheet would run are made text.
func WriteCSV(w io.Writer, r *register.Register) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"kind", "id", "name", "file", "line", "fields"}); err != nil {
		return err
	}
	for _, it := range r.Items() {
		row := []string{
			it.Kind, it.Entity.ID, it.Entity.Name, it.Entity.Place.File, strconv.Itoa(it.Entity.Place.Line),
			string(it.Canonical()),
		}
		for i, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				row[i] = "'" + cell
			}
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// WriteRedacted writes what a vendor may see: counts by kind, by zone level and
// by category, never a name, an identifier or an edge. Counts under five are
// given as "under 5", since a count of one names its member.
func WriteRedacted(w io.Writer, r *register.Register) error {
	kinds, levels, categories := map[string]int{}, map[string]int{}, map[string]int{}
	for _, it := range r.Items() {
		kinds[it.Kind]++
	}
	for _, s := range r.Systems {
		if it, ok := r.Find(s.Zone); ok {
			levels[fmt.Sprintf("level %d", it.Value.(*register.Zone).Level)]++
		}
	}
	for _, h := range r.Holdings {
		for _, c := range h.Categories {
			categories[string(c)]++
		}
	}
	return writeJSON(w, map[string]any{
		"format": "evident.register-redacted/v1", "entities": few(kinds), "systems_by_zone": few(levels),
		"holdings_by_category": few(categories),
	})
}

func few(counts map[string]int) map[string]any {
	out := map[string]any{}
	for k, n := range counts {
		if n < 5 {
			out[k] = "under 5"
		} else {
			out[k] = n
		}
	}
	return out
}

// rfc3339 is a day as OSCAL writes times.
func rfc3339(day time.Time) string { return day.UTC().Format(time.RFC3339) }
