package exchange

import (
	"strings"

	"github.com/evident-sec/evident/register"
)

// readCycloneDX reads the services of a CycloneDX bill of materials.
func readCycloneDX(i *importer, v value) {
	for _, s := range v.list("services") {
		i.service(s, "")
	}
	for _, d := range v.list("dependencies") {
		for _, on := range d.texts("dependsOn") {
			from, to := i.known("service "+d.str("ref")), i.known("service "+on)
			if from == "" || to == "" {
				i.skip("dependency", d.str("ref")+" on "+on, "an end is not a service")
				continue
			}
			i.out.Register.Flows = append(i.out.Register.Flows, &register.Flow{
				Entity: entity(i.id("", from+"-"+to), "", "Dependency in the bill of materials."), From: to, To: from, Direction: "pull",
			})
			i.take("dependency")
		}
	}
	i.skipAll("component", "software inside a system: name it under the system's components", v.list("components"))
	i.skipAll("vulnerability", "the register holds no vulnerabilities", v.list("vulnerabilities"))
}

// service becomes a system, with its provider, its zone and its data.
func (i *importer) service(v value, under string) {
	name := orText(v.str("name"), v.str("bom-ref"))
	id := i.id("service "+orText(v.str("bom-ref"), name), name)
	s := &register.System{
		Entity: entity(id, name, v.str("description")), Kind: "cloud-service",
		Exposed: v.yes("x-trust-boundary"), Operator: i.provider(v.str("provider", "name")),
		Zone: i.zoneNamed(v.str("trustZone")),
	}
	if under != "" {
		s.Runs = []string{under}
	}
	i.out.Register.Systems = append(i.out.Register.Systems, s)
	i.take("service")
	for _, d := range v.list("data") {
		i.serviceData(id, d)
	}
	for _, sub := range v.list("services") {
		i.service(sub, id)
	}
}

// provider becomes a vendor, once.
func (i *importer) provider(name string) string {
	if name == "" {
		return ""
	}
	if id := i.known("provider " + name); id != "" {
		return id
	}
	id := i.id("provider "+name, name)
	i.out.Register.Vendors = append(i.out.Register.Vendors, &register.Vendor{Entity: entity(id, name, "")})
	i.take("provider")
	return id
}

// zoneNamed becomes a zone, once.
func (i *importer) zoneNamed(name string) string {
	if name == "" {
		return ""
	}
	if id := i.known("zone " + name); id != "" {
		return id
	}
	id := i.id("zone "+name, name)
	i.out.Register.Zones = append(i.out.Register.Zones, &register.Zone{Entity: entity(id, name, "")})
	i.take("trust zone")
	return id
}

// classified are words in a classification that name a category of data.
var classified = [][2]string{
	{"phi", "health"},
	{"health", "health"},
	{"biometric", "fingerprint"},
	{"pii", "identity"},
	{"personal", "identity"},
	{"financ", "financial"},
	{"pci", "financial"},
	{"location", "location"},
	{"public", "public"},
}

func (i *importer) serviceData(system string, d value) {
	class := d.str("classification")
	name := orText(d.str("name"), class)
	h := &register.Holding{
		Entity: entity(i.id("", system+"-"+name), name, strings.TrimSpace(d.str("description")+
			" Imported: classified "+class+" in the bill of materials; set its categories and records.")),
		System: system, Categories: []register.Category{"operations"},
	}
	for _, c := range classified {
		if strings.Contains(strings.ToLower(class), c[0]) {
			h.Categories = []register.Category{register.Category(c[1])}
			break
		}
	}
	i.out.Register.Holdings = append(i.out.Register.Holdings, h)
	i.take("data")
}
