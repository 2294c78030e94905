package exchange

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/evident-sec/evident/exposure/checks"
	"github.com/evident-sec/evident/register"
)

// oscalVersion is the version of OSCAL that is written.
const oscalVersion = "1.2.1"

func metadata(title string, day time.Time) map[string]any {
	return map[string]any{
		"title": title, "last-modified": rfc3339(day), "version": day.Format(time.DateOnly), "oscal-version": oscalVersion,
	}
}

// WriteSSP writes an OSCAL system security plan fragment: the organisation's
// systems as components, holdings as information types, roles as users, vendors
// as leveraged parties. Control implementations are not claimed.
func WriteSSP(w io.Writer, r *register.Register, day time.Time) error {
	components, types, users, parties := []any{}, []any{}, []any{}, []any{}
	for _, s := range r.Systems {
		components = append(components, map[string]any{
			"uuid": uuid("component", s.ID), "type": componentType(s), "title": orText(s.Name, s.ID),
			"description": orText(s.Note, s.Name, s.ID), "status": map[string]string{"state": "operational"},
			"props": props("zone", s.Zone, "operator", s.Operator, "register-id", s.ID),
		})
	}
	for _, h := range r.Holdings {
		impact := map[string]any{"base": "fips-199-" + orText(h.Impact, "low")}
		types = append(types, map[string]any{
			"uuid": uuid("type", h.ID), "title": orText(h.Name, h.ID), "description": orText(h.Note, h.Name, h.ID),
			"confidentiality-impact": impact, "props": props("register-id", h.ID, "records", fmt.Sprint(h.Records)),
		})
	}
	for _, role := range r.Roles {
		users = append(users, map[string]any{
			"uuid": uuid("user", role.ID), "title": orText(role.Name, role.ID), "role-ids": []string{role.ID},
			"props": props("headcount", fmt.Sprint(role.Headcount)),
		})
	}
	for _, v := range r.Vendors {
		parties = append(parties, map[string]any{"uuid": uuid("party", v.ID), "type": "organization", "name": orText(v.Name, v.ID)})
	}
	meta := metadata("System security plan fragment", day)
	if len(parties) > 0 {
		meta["parties"] = parties
	}
	hash := r.Hash()
	plan := map[string]any{
		"uuid": uuid("ssp", string(hash[:])), "metadata": meta,
		"import-profile": map[string]string{"href": "#" + uuid("profile")},
		"system-characteristics": map[string]any{
			"system-ids":  []any{map[string]string{"id": uuid("system", string(hash[:]))}},
			"system-name": "Register of systems", "description": "Drawn from the exposure register.",
			"security-sensitivity-level": "moderate",
			"system-information":         map[string]any{"information-types": nonEmpty(types)},
			"status":                     map[string]string{"state": "operational"},
			"authorization-boundary":     map[string]string{"description": "As zones in the register."},
		},
		"system-implementation": map[string]any{"users": nonEmpty(users), "components": nonEmpty(components)},
		"control-implementation": map[string]any{
			"description": "Not claimed here; see the assessment results.",
			"implemented-requirements": []any{map[string]any{
				"uuid": uuid("requirement"), "control-id": "cm-8", "remarks": "The register is the inventory.",
			}},
		},
	}
	return writeJSON(w, map[string]any{"system-security-plan": plan})
}

func nonEmpty(list []any) []any {
	if len(list) == 0 {
		return []any{map[string]any{"uuid": uuid("none"), "title": "none", "description": "none"}}
	}
	return list
}

func componentType(s *register.System) string {
	if s.Kind == "cloud-service" || s.Kind == "monitoring" {
		return "service"
	}
	return "software"
}

// props are OSCAL properties; empty values are left out.
func props(pairs ...string) []any {
	var out []any
	for i := 0; i+1 < len(pairs); i += 2 {
		if v := strings.TrimSpace(pairs[i+1]); v != "" {
			out = append(out, map[string]string{"name": pairs[i], "ns": "urn:evident:register", "value": v})
		}
	}
	return out
}

// controlID is a control as OSCAL catalogues name it: CA-3(6) is ca-3.6. OSCAL
// wants a token, which begins with a letter: 202.205 is ref-202.205.
func controlID(control string) string {
	id := strings.NewReplacer("(", ".", ")", "").Replace(strings.ToLower(control))
	id = strings.Map(func(r rune) rune {
		if r == '.' || r == '-' || r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' {
			return r
		}
		return '-'
	}, id)
	if id == "" || id[0] < 'a' {
		return "ref-" + id
	}
	return id
}

// WriteAssessment writes findings as OSCAL assessment results. What is attested
// is an observation, never a satisfied finding.
func WriteAssessment(w io.Writer, r *register.Register, found []checks.Finding, day time.Time) error {
	observations, findings := []any{}, []any{}
	for _, f := range found {
		id := uuid("observation", f.Check.ID, f.Entity, f.Text)
		observations = append(observations, map[string]any{
			"uuid": id, "title": f.Title, "description": orText(f.Text, f.Title), "methods": []string{"EXAMINE"},
			"collected": rfc3339(day),
			"props": props("state", string(f.State), "severity", f.Severity, "check", f.Check.ID, "entity", f.Entity,
				"file", f.Place.File, "line", fmt.Sprint(f.Place.Line)),
		})
		if f.State != checks.Open && f.State != checks.Waived {
			continue
		}
		findings = append(findings, map[string]any{
			"uuid": uuid("finding", f.Check.ID, f.Entity, f.Text), "title": f.Title, "description": orText(f.Text, f.Title),
			"target": map[string]any{
				"type": "objective-id", "target-id": controlID(f.Control), "status": map[string]string{"state": "not-satisfied"},
			},
			"related-observations": []any{map[string]string{"observation-uuid": id}},
		})
	}
	hash := r.Hash()
	result := map[string]any{
		"uuid": uuid("result", string(hash[:]), day.String()), "title": "Register checks",
		"description": "Checks of the exposure register by standard.", "start": rfc3339(day),
		"reviewed-controls": map[string]any{"control-selections": []any{map[string]any{"include-all": map[string]any{}}}},
		"observations":      observations,
	}
	if len(findings) > 0 {
		result["findings"] = findings
	}
	return writeJSON(w, map[string]any{"assessment-results": map[string]any{
		"uuid": uuid("assessment", string(hash[:]), day.String()), "metadata": metadata("Exposure register assessment", day),
		"import-ap": map[string]string{"href": "#" + uuid("plan")}, "results": []any{result},
	}})
}

// WritePOAM writes the open findings as an OSCAL plan of action and milestones.
func WritePOAM(w io.Writer, r *register.Register, found []checks.Finding, day time.Time) error {
	items := []any{}
	for _, f := range found {
		if f.State == checks.Open || f.State == checks.Waived {
			items = append(items, map[string]any{
				"uuid": uuid("item", f.Check.ID, f.Entity, f.Text), "title": f.Title,
				"description": f.Entity + ": " + f.Text + " (" + f.Standard + " " + f.Control + ")",
				"props":       props("severity", f.Severity, "state", string(f.State), "check", f.Check.ID),
			})
		}
	}
	if len(items) == 0 {
		items = append(items, map[string]any{"uuid": uuid("item"), "title": "none", "description": "No finding is open."})
	}
	hash := r.Hash()
	return writeJSON(w, map[string]any{"plan-of-action-and-milestones": map[string]any{
		"uuid": uuid("poam", string(hash[:]), day.String()), "metadata": metadata("Plan of action and milestones", day),
		"poam-items": items,
	}})
}
