package exchange

import (
	"strconv"
	"strings"

	"github.com/evident-sec/evident/register"
)

// readDragon reads an OWASP Threat Dragon 2 model: the cells of its diagrams.
func readDragon(i *importer, v value) {
	for _, d := range v.list("detail", "diagrams") {
		cells := d.list("cells")
		for _, c := range cells {
			i.cell(c, d.str("title"))
		}
		for _, c := range cells {
			i.dragonFlow(c)
		}
	}
	i.skipAll("contributor", "persons are not imported", v.list("detail", "contributors"))
}

// cellKind is a cell's kind: Threat Dragon has it in data.type, shape or both.
func cellKind(c value) string {
	kind := strings.TrimPrefix(strings.ToLower(orText(c.str("data", "type"), c.str("shape"))), "tm.")
	if strings.Contains(kind, "boundary") {
		return "boundary"
	}
	return kind
}

func cellName(c value) string {
	return orText(c.str("data", "name"), c.str("attrs", "text", "text"), c.str("attrs", "label", "text"), c.str("id"))
}

func (i *importer) cell(c value, diagram string) {
	name, note := cellName(c), strings.TrimSpace(c.str("data", "description")+" Diagram: "+diagram+".")
	switch kind := cellKind(c); kind {
	case "process", "actor", "store":
		id := i.id("cell "+c.str("id"), name)
		s := &register.System{Entity: entity(id, name, note), Kind: "application"}
		switch kind {
		case "store":
			s.Kind = "database"
		case "actor":
			s.Kind = "workstation"
		}
		i.out.Register.Systems = append(i.out.Register.Systems, s)
		i.take(kind)
	case "boundary":
		i.out.Register.Zones = append(i.out.Register.Zones, &register.Zone{
			Entity: entity(i.id("cell "+c.str("id"), orText(name, "boundary")), name,
				note+" The model draws it without saying what is inside."),
		})
		i.take("boundary")
	case "flow":
	default:
		i.skip(orText(kind, "cell"), name, "text or drawing only")
	}
	i.skipAll("threat", "the register judges anew; it keeps no foreign verdicts", c.list("data", "threats"))
}

func (i *importer) dragonFlow(c value) {
	if cellKind(c) != "flow" {
		return
	}
	name := cellName(c)
	from, to := i.known("cell "+c.str("source", "cell")), i.known("cell "+c.str("target", "cell"))
	if from == "" || to == "" {
		i.skip("flow", name, "one end is not tied to anything")
		return
	}
	f := &register.Flow{
		Entity: entity(i.id("", from+"-"+to), name, c.str("data", "description")), From: from, To: to,
		Direction: "push", Protocol: c.str("data", "protocol"),
	}
	if c.yes("data", "isBidirectional") {
		f.Direction = "both"
	}
	i.out.Register.Flows = append(i.out.Register.Flows, f)
	i.take("flow")
}

// readOTM reads an Open Threat Model.
func readOTM(i *importer, v value) {
	for _, z := range v.list("trustZones") {
		rating, _ := strconv.Atoi(orText(z.str("risk", "trustRating"), z.str("trustRating")))
		i.out.Register.Zones = append(i.out.Register.Zones, &register.Zone{
			Entity: entity(i.id("zone "+z.str("id"), z.str("name")), z.str("name"), z.str("description")),
			Level:  min(max(rating/20, 0), 5), // 0 to 100 in the model, 0 to 5 here
		})
		i.take("trust zone")
	}
	for _, c := range v.list("components") {
		i.out.Register.Systems = append(i.out.Register.Systems, &register.System{
			Entity: entity(i.id("component "+c.str("id"), c.str("name")), c.str("name"),
				strings.TrimSpace(c.str("description")+" Type in the model: "+c.str("type")+".")),
			Kind: kindOf(c.str("type")),
		})
		i.take("component")
	}
	i.parents(v.list("components"))
	i.otmAssets(v)
	for _, f := range v.list("dataflows") {
		from, to := i.known("component "+f.str("source")), i.known("component "+f.str("destination"))
		if from == "" || to == "" {
			i.skip("dataflow", f.str("name"), "an end is not a component of the model")
			continue
		}
		flow := &register.Flow{Entity: entity(i.id("", from+"-"+to), f.str("name"), f.str("description")), From: from, To: to, Direction: "push"}
		if f.yes("bidirectional") {
			flow.Direction = "both"
		}
		for _, a := range f.texts("assets") {
			if h := i.known("asset " + a); h != "" {
				flow.Holdings = append(flow.Holdings, h)
			}
		}
		i.out.Register.Flows = append(i.out.Register.Flows, flow)
		i.take("dataflow")
	}
	i.skipAll("threat", "the register judges anew; it keeps no foreign verdicts", v.list("threats"))
	i.skipAll("mitigation", "name it as a control with what it hardens", v.list("mitigations"))
}

// parents puts components into zones, or onto the components they are part of.
func (i *importer) parents(list []value) {
	for _, c := range list {
		id := i.known("component " + c.str("id"))
		if z := i.known("zone " + c.str("parent", "trustZone")); z != "" {
			i.place(id, z)
		}
		on := i.known("component " + c.str("parent", "component"))
		for _, s := range i.out.Register.Systems {
			if on != "" && s.ID == id && on != id {
				s.Runs = append(s.Runs, on)
			}
		}
	}
}

// otmAssets become holdings where a component stores or processes them.
func (i *importer) otmAssets(v value) {
	at := map[string][]string{}
	for _, how := range []string{"stored", "processed"} {
		for _, c := range v.list("components") {
			for _, a := range c.texts("assets", how) {
				at[a] = append(at[a], i.known("component "+c.str("id")))
			}
		}
	}
	for _, a := range v.list("assets") {
		i.holding("asset", a.str("id"), a.str("name"), at[a.str("id")], 0)
	}
}

// holding adds a body of data whose content the model does not describe.
func (i *importer) holding(kind, key, name string, at []string, records int64) {
	if len(at) == 0 {
		i.skip(kind, orText(name, key), "nothing in the model stores or processes it, and a holding lies somewhere")
		return
	}
	i.out.Register.Holdings = append(i.out.Register.Holdings, &register.Holding{
		Entity: entity(i.id(kind+" "+key, orText(name, key)), name,
			"Imported: the model does not say what is in it; set its categories and records."),
		System: at[0], Copies: unique(at, at[0]), Categories: []register.Category{"operations"}, Records: records,
	})
	i.take(kind)
}

// kindOf guesses a system's kind from a word of the model.
func kindOf(word string) string {
	w := strings.ToLower(word)
	for _, k := range [][2]string{
		{"database", "database"},
		{"store", "database"},
		{"storage", "database"},
		{"gateway", "gateway"},
		{"proxy", "gateway"},
		{"load", "gateway"},
		{"mobile", "mobile"},
		{"client", "workstation"},
		{"browser", "workstation"},
		{"server", "server"},
		{"queue", "pipeline"},
		{"pipeline", "pipeline"},
		{"backup", "backup"},
		{"monitor", "monitoring"},
		{"directory", "directory"},
		{"cloud", "cloud-service"},
		{"saas", "cloud-service"},
		{"s3", "cloud-service"},
		{"lambda", "cloud-service"},
	} {
		if strings.Contains(w, k[0]) {
			return k[1]
		}
	}
	return "application"
}

// readTMBOM reads a model of the OWASP Threat Model Library.
func readTMBOM(i *importer, v value) {
	for _, z := range v.list("trust_zones") {
		i.out.Register.Zones = append(i.out.Register.Zones, &register.Zone{
			Entity: entity(i.id("zone "+symbol(z), title(z)), title(z), z.str("description")),
		})
		i.take("trust zone")
	}
	for _, kind := range []string{"actors", "components", "data_stores", "external_entities", "third_parties"} {
		for _, c := range v.list(kind) {
			i.tmSystem(kind, c)
		}
	}
	for _, d := range v.list("data_sets") {
		var at []string
		for _, place := range append(d.list("placements"), d.list("locations")...) {
			at = append(at, i.known("thing "+orText(place.str("data_store"), place.str("component"), place.str("symbolic_name"), place.str())))
		}
		records, _ := strconv.ParseInt(d.str("record_count"), 10, 64)
		i.holding("data set", symbol(d), title(d), unique(at, ""), max(records, 0))
	}
	for _, f := range v.list("data_flows") {
		i.tmFlow(f)
	}
	for _, kind := range []string{"threats", "risks", "controls", "assumptions", "trust_boundaries", "threat_personas"} {
		i.skipAll(strings.ReplaceAll(strings.TrimSuffix(kind, "s"), "_", " "), "has no place in the register as it is", v.list(kind))
	}
}

func symbol(v value) string {
	return orText(v.str("symbolic_name"), v.str("id"), v.str("name"), v.str("title"))
}
func title(v value) string { return orText(v.str("title"), v.str("name"), symbol(v)) }

func (i *importer) tmSystem(kind string, c value) {
	one := strings.ReplaceAll(strings.TrimSuffix(kind, "s"), "_", " ")
	id := i.id("thing "+symbol(c), title(c))
	s := &register.System{
		Entity: entity(id, title(c), c.str("description")), Kind: kindOf(orText(c.str("type"), one)),
		Zone: i.known("zone " + orText(c.str("trust_zone"), c.at("trust_zone").str("symbolic_name"))),
	}
	if vendor := c.str("vendor"); vendor != "" {
		if i.known("vendor "+vendor) == "" {
			i.out.Register.Vendors = append(i.out.Register.Vendors, &register.Vendor{
				Entity: entity(i.id("vendor "+vendor, vendor), vendor, ""),
			})
		}
		s.UpdatesFrom = []string{i.known("vendor " + vendor)}
	}
	i.out.Register.Systems = append(i.out.Register.Systems, s)
	i.take(one)
}

func (i *importer) tmFlow(f value) {
	end := func(key string) string {
		e := f.at(key)
		return i.known("thing " + orText(e.str("object"), e.str("symbolic_name"), e.str("id"), e.str()))
	}
	from, to := end("source"), end("destination")
	if from == "" || to == "" {
		i.skip("data flow", title(f), "an end is not in the model")
		return
	}
	flow := &register.Flow{Entity: entity(i.id("", from+"-"+to), title(f), f.str("description")), From: from, To: to, Direction: "push", Protocol: f.str("protocol")}
	for _, d := range f.texts("data_sets") {
		if h := i.known("data set " + d); h != "" {
			flow.Holdings = append(flow.Holdings, h)
		}
	}
	i.out.Register.Flows = append(i.out.Register.Flows, flow)
	i.take("data flow")
}
