package exchange

import (
	"strings"

	"github.com/evident-sec/evident/register"
)

// readThreagile reads a Threagile model: assets, links, boundaries, runtimes.
func readThreagile(i *importer, v value) {
	stored, processed := map[string][]string{}, map[string][]string{}
	v.named(func(name string, a value) {
		id := i.id("asset "+a.str("id"), orText(a.str("id"), name))
		for _, d := range a.texts("data_assets_stored") {
			stored[d] = append(stored[d], id)
		}
		for _, d := range a.texts("data_assets_processed") {
			processed[d] = append(processed[d], id)
		}
		i.out.Register.Systems = append(i.out.Register.Systems, threagileSystem(id, name, a))
		i.take("technical asset")
	}, "technical_assets")
	v.named(func(name string, d value) { i.dataAsset(name, d, stored, processed) }, "data_assets")
	v.named(func(_ string, a value) {
		from := i.known("asset " + a.str("id"))
		a.named(func(name string, link value) { i.link(from, name, link) }, "communication_links")
	}, "technical_assets")
	v.named(i.boundary, "trust_boundaries")
	v.named(i.runtime, "shared_runtimes")
	for _, kind := range []string{"individual_risk_categories", "risk_tracking", "abuse_cases", "security_requirements", "questions"} {
		v.named(func(name string, _ value) {
			i.skip(strings.ReplaceAll(kind, "_", " "), name, "the register judges anew; it keeps no foreign verdicts")
		}, kind)
	}
}

// threagileLevels are Threagile's words for criticality.
var threagileLevels = map[string]int{"archive": 1, "operational": 1, "important": 2, "critical": 3, "mission-critical": 4}

func threagileSystem(id, name string, a value) *register.System {
	s := &register.System{
		Entity: entity(id, name, a.str("description")), Exposed: a.yes("internet"),
		Criticality: threagileLevels[a.str("availability")], Kind: "application",
	}
	switch t := a.str("type"); {
	case t == "datastore":
		s.Kind = "database"
	case t == "external-entity":
		s.Kind = "workstation"
	case strings.Contains(a.str("technology"), "gateway"), strings.Contains(a.str("technology"), "load-balancer"):
		s.Kind = "gateway"
	}
	if o := a.str("owner"); o != "" {
		s.Note = strings.TrimSpace(s.Note + " Owner in the model: " + o + ".")
	}
	return s
}

// threagileQuantities are the least that Threagile's words stand for; the model
// gives no numbers.
var threagileQuantities = map[string]int64{"very-few": 1, "few": 10, "many": 1000, "very-many": 100_000}

// dataAsset becomes a holding where an asset stores it, or processes it.
func (i *importer) dataAsset(name string, d value, stored, processed map[string][]string) {
	key := d.str("id")
	at := stored[key]
	if len(at) == 0 {
		at = processed[key]
	}
	if len(at) == 0 {
		i.skip("data asset", name, "no technical asset stores or processes it, and a holding lies somewhere")
		return
	}
	h := &register.Holding{
		Entity: entity(i.id("data "+key, orText(key, name)), name,
			"Imported: the model does not say what is in it; set its categories and records."),
		System: at[0], Copies: unique(stored[key], at[0]), Categories: []register.Category{"operations"},
		Records: threagileQuantities[d.str("quantity")],
	}
	switch d.str("confidentiality") {
	case "public":
		h.Categories = []register.Category{"public"}
	case "confidential":
		h.Impact = "moderate"
	case "strictly-confidential":
		h.Impact = "high"
	}
	i.out.Register.Holdings = append(i.out.Register.Holdings, h)
	i.take("data asset")
}

// unique returns the texts once each, without one of them.
func unique(list []string, without string) []string {
	var out []string
	seen := map[string]bool{without: true}
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

var threagileAuth = map[string]string{
	"none": "none", "credentials": "password", "session-id": "password", "token": "api-key",
	"client-certificate": "certificate", "two-factor": "mfa", "externalized": "mfa",
}

// link becomes a flow.
func (i *importer) link(from, name string, l value) {
	to := i.known("asset " + l.str("target"))
	if to == "" || from == "" {
		i.skip("communication link", name, "its target "+l.str("target")+" is not in the model")
		return
	}
	f := &register.Flow{
		Entity: entity(i.id("", from+"-"+to), name, l.str("description")), From: from, To: to, Direction: "push",
		Protocol: l.str("protocol"), Auth: threagileAuth[l.str("authentication")], Write: !l.yes("readonly"),
		Filter: l.yes("ip_filtered"),
	}
	if len(l.texts("data_assets_received")) > 0 {
		f.Direction = "both"
	}
	for _, d := range l.texts("data_assets_sent") {
		if h := i.known("data " + d); h != "" {
			f.Holdings = append(f.Holdings, h)
		}
	}
	i.out.Register.Flows = append(i.out.Register.Flows, f)
	i.take("communication link")
}

// boundary becomes a zone; what stands in it gets the zone.
func (i *importer) boundary(name string, b value) {
	id := i.id("boundary "+b.str("id"), orText(b.str("id"), name))
	i.out.Register.Zones = append(i.out.Register.Zones, &register.Zone{
		Entity: entity(id, name, strings.TrimSpace(b.str("description")+" Kind in the model: "+b.str("type")+".")),
	})
	for _, a := range b.texts("technical_assets_inside") {
		i.place(i.known("asset "+a), id)
	}
	i.take("trust boundary")
}

// place puts a system into a zone; the first zone that names it counts.
func (i *importer) place(system, zone string) {
	for _, s := range i.out.Register.Systems {
		if s.ID == system && s.Zone == "" {
			s.Zone = zone
		}
	}
}

// runtime becomes a system that others run on.
func (i *importer) runtime(name string, r value) {
	id := i.id("runtime "+r.str("id"), orText(r.str("id"), name))
	i.out.Register.Systems = append(i.out.Register.Systems, &register.System{
		Entity: entity(id, name, r.str("description")), Kind: "server",
	})
	for _, a := range r.texts("technical_assets_running") {
		for _, s := range i.out.Register.Systems {
			if s.ID == i.known("asset "+a) {
				s.Runs = append(s.Runs, id)
			}
		}
	}
	i.take("shared runtime")
}
