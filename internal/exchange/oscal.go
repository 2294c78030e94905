package exchange

import (
	"strings"

	"github.com/evident-sec/evident/register"
)

// readComponents reads an OSCAL component definition.
func readComponents(i *importer, v value) {
	for _, c := range v.list("component-definition", "components") {
		i.component(c)
	}
	i.skipAll("capability", "name what it hardens as a control", v.list("component-definition", "capabilities"))
}

// component becomes a system; one that another party provides gets the party as
// its operator.
func (i *importer) component(c value) {
	name := orText(c.str("title"), c.str("uuid"))
	switch kind := c.str("type"); kind {
	case "policy", "process-procedure", "plan", "guidance", "standard", "validation":
		i.skip(kind, name, "a document, not a system")
	default:
		s := &register.System{
			Entity: entity(i.id("component "+c.str("uuid"), name), name,
				strings.TrimSpace(c.str("description")+" Type in the model: "+kind+".")),
			Kind: kindOf(kind + " " + name),
		}
		i.out.Register.Systems = append(i.out.Register.Systems, s)
		i.take("component")
	}
	i.skipAll("control implementation", "the register judges by its own checks", c.list("control-implementations"))
}

// impacts are OSCAL's words for FIPS 199 levels.
func impactWord(s string) string {
	s = strings.TrimPrefix(strings.ToLower(s), "fips-199-")
	if s == "low" || s == "moderate" || s == "high" {
		return s
	}
	return ""
}

// readSSP reads an OSCAL system security plan.
func readSSP(i *importer, v value) {
	plan := v.at("system-security-plan")
	about := plan.at("system-characteristics")
	name := orText(about.str("system-name"), about.str("system-name-short"), "system")
	system := i.id("system", name)
	i.out.Register.Systems = append(i.out.Register.Systems, &register.System{
		Entity: entity(system, name, about.str("description")), Kind: "application",
		Impact: impactWord(about.str("security-sensitivity-level")),
	})
	i.take("system")
	for _, t := range about.list("system-information", "information-types") {
		title := orText(t.str("title"), t.str("uuid"))
		i.out.Register.Holdings = append(i.out.Register.Holdings, &register.Holding{
			Entity: entity(i.id("type "+t.str("uuid"), title), title, strings.TrimSpace(t.str("description")+
				" Imported: set its categories and records.")),
			System: system, Categories: []register.Category{"operations"},
			Impact: impactWord(orText(t.str("confidentiality-impact", "selected"), t.str("confidentiality-impact", "base"))),
		})
		i.take("information type")
	}
	i.implementation(plan.at("system-implementation"), system)
	i.skipAll("implemented requirement", "the register judges by its own checks",
		plan.list("control-implementation", "implemented-requirements"))
}

func (i *importer) implementation(impl value, system string) {
	for _, c := range impl.list("components") {
		if c.str("type") == "this-system" {
			i.ids["component "+c.str("uuid")] = system
			i.take("component")
			continue
		}
		i.component(c)
	}
	for _, u := range impl.list("users") {
		title := orText(u.str("title"), u.str("short-name"), strings.Join(u.texts("role-ids"), ", "), "users")
		role := i.id("user "+u.str("uuid"), title)
		i.out.Register.Roles = append(i.out.Register.Roles, &register.Role{Entity: entity(role, title, u.str("description"))})
		i.out.Register.Access = append(i.out.Register.Access, &register.Access{
			Entity: entity(i.id("", role+"-"+system), "", ""), Who: role, On: []string{system}, Verbs: []string{"read"},
		})
		i.take("user type")
	}
	for _, l := range impl.list("leveraged-authorizations") {
		title := orText(l.str("title"), l.str("uuid"))
		vendor := i.provider(title)
		i.out.Register.Agreements = append(i.out.Register.Agreements, &register.Agreement{
			Entity: entity(i.id("", "authorization-"+title), title, "Leveraged authorisation."), Kind: "contract", Parties: []string{vendor},
		})
		i.take("leveraged authorization")
	}
	for _, item := range impl.list("inventory-items") {
		title := orText(item.str("description"), item.str("uuid"))
		i.out.Register.Systems = append(i.out.Register.Systems, &register.System{
			Entity: entity(i.id("item "+item.str("uuid"), title), title, ""), Kind: "server",
		})
		i.take("inventory item")
	}
}
