package exchange

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/evident-sec/evident/register"
)

// administering are BloodHound's edges that give control of their end.
var administering = []string{
	"AdminTo", "GenericAll", "GenericWrite", "Owns", "WriteDacl", "WriteOwner", "AllExtendedRights", "ForceChangePassword",
	"AddMember", "AddSelf", "DCSync", "GetChanges", "GetChangesAll", "ReadLAPSPassword", "ReadGMSAPassword", "ExecuteDCOM",
	"AllowedToDelegate", "AllowedToAct", "AddAllowedToAct", "SQLAdmin", "SyncLAPSPassword", "WriteSPN", "AddKeyCredentialLink",
}

// entering are edges that let one in.
var entering = []string{"CanRDP", "CanPSRemote", "HasSession", "Contains", "GPLink", "TrustedBy", "HasSIDHistory"}

// importZip reads a SharpHound archive: all files are one directory.
func importZip(name string, body []byte) (*Imported, error) {
	archive, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	i := newImporter("SharpHound")
	d := &directory{importer: i, members: map[string][]string{}, users: map[string]bool{}}
	total := int64(0)
	for _, f := range archive.File {
		if !strings.HasSuffix(f.Name, ".json") {
			i.skip("file", f.Name, "not a JSON file")
			continue
		}
		in, err := f.Open()
		if err != nil {
			return nil, fmt.Errorf("read %s: %s: %w", name, f.Name, err)
		}
		part, err := io.ReadAll(io.LimitReader(in, maxBytes-total+1))
		in.Close()
		if err != nil {
			return nil, fmt.Errorf("read %s: %s: %w", name, f.Name, err)
		}
		if total += int64(len(part)); total > maxBytes {
			return nil, fmt.Errorf("read %s: more than %d bytes unpacked", name, maxBytes)
		}
		v, err := parse(f.Name, part)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		d.parts = append(d.parts, v)
	}
	d.read()
	return i.done(name)
}

// readSharpHound reads a single SharpHound file.
func readSharpHound(i *importer, v value) {
	d := &directory{importer: i, parts: []value{v}, members: map[string][]string{}, users: map[string]bool{}}
	d.read()
}

// directory is what SharpHound collected. Users are counted, not kept.
type directory struct {
	*importer
	parts   []value
	members map[string][]string // groups: identifiers of their members
	users   map[string]bool
}

// kind is what a SharpHound file holds: users, computers, groups …
func kindOfPart(v value) string { return strings.ToLower(v.str("meta", "type")) }

func sid(v value) string { return orText(v.str("ObjectIdentifier"), v.str("Properties", "objectid")) }

func objectName(v value) string { return orText(v.str("Properties", "name"), sid(v)) }

func (d *directory) read() {
	for _, part := range d.parts {
		for _, o := range part.list("data") {
			d.object(kindOfPart(part), o)
		}
	}
	d.headcounts()
	for _, part := range d.parts {
		for _, o := range part.list("data") {
			d.edges(kindOfPart(part), o)
		}
	}
	d.mergeAccess()
}

func (d *directory) object(kind string, o value) {
	id, name := sid(o), objectName(o)
	switch kind {
	case "users":
		d.users[id] = true
		d.take("user (counted, not named)")
	case "computers":
		d.out.Register.Systems = append(d.out.Register.Systems, &register.System{
			Entity: entity(d.id("object "+id, name), name, ""), Kind: "server",
		})
		d.take("computer")
	case "groups":
		d.out.Register.Roles = append(d.out.Register.Roles, &register.Role{Entity: entity(d.id("object "+id, name), name, "")})
		for _, m := range o.list("Members") {
			d.members[id] = append(d.members[id], m.str("ObjectIdentifier"))
		}
		d.take("group")
	case "domains":
		d.out.Register.IdentityProviders = append(d.out.Register.IdentityProviders, &register.IdentityProvider{
			Entity: entity(d.id("object "+id, name), name, ""),
		})
		d.take("domain")
	default:
		d.skip(orText(strings.TrimSuffix(kind, "s"), "object"), name, "has no place in the register")
	}
}

// headcounts counts the users in each group, nested groups included.
func (d *directory) headcounts() {
	for _, role := range d.out.Register.Roles {
		for key, id := range d.ids {
			if id == role.ID {
				role.Headcount = d.count(strings.TrimPrefix(key, "object "))
			}
		}
	}
}

func (d *directory) count(group string) int {
	seen, people := map[string]bool{group: true}, map[string]bool{}
	queue := []string{group}
	for len(queue) > 0 {
		for _, m := range d.members[queue[0]] {
			if seen[m] {
				continue
			}
			seen[m] = true
			if d.users[m] {
				people[m] = true
			}
			queue = append(queue, m)
		}
		queue = queue[1:]
	}
	return len(people)
}

// edges reads what an object lets others do with it.
func (d *directory) edges(kind string, o value) {
	to := d.known("object " + sid(o))
	for _, ace := range o.list("Aces") {
		d.edge(ace.str("PrincipalSID"), to, objectName(o), ace.str("RightName"))
	}
	if kind != "computers" {
		return
	}
	for _, list := range []struct{ key, right string }{
		{"LocalAdmins", "AdminTo"}, {"RemoteDesktopUsers", "CanRDP"}, {"DcomUsers", "ExecuteDCOM"}, {"PSRemoteUsers", "CanPSRemote"},
	} {
		for _, r := range o.list(list.key, "Results") {
			d.edge(r.str("ObjectIdentifier"), to, objectName(o), list.right)
		}
	}
	for _, g := range o.list("LocalGroups") {
		right := "CanRDP"
		if strings.HasPrefix(strings.ToUpper(g.str("Name")), "ADMINISTRATORS") {
			right = "AdminTo"
		}
		for _, r := range g.list("Results") {
			d.edge(r.str("ObjectIdentifier"), to, objectName(o), right)
		}
	}
}

// edge becomes an access of a role or computer; edges of single users do not.
func (d *directory) edge(principal, to, name, right string) {
	who := d.known("object " + principal)
	switch {
	case d.users[principal]:
		d.skip("edge", right+" on "+name, "rests on a single person; give it to a role")
	case who == "" || to == "" || who == to:
		d.skip("edge", right+" on "+name, "an end was not collected")
	case slices.Contains(administering, right):
		d.access(who, to, "administer", right)
	case slices.Contains(entering, right):
		d.access(who, to, "read", right)
	default:
		d.skip("edge", right+" on "+name, "the right gives no access that the register knows")
	}
}

func (i *importer) access(who, to, verb, right string) {
	i.out.Register.Access = append(i.out.Register.Access, &register.Access{
		Entity: entity("", "", right), Who: who, On: []string{to}, Verbs: []string{verb}, Auth: "password",
	})
	i.take("edge")
}

// mergeAccess puts what one principal may do in the same way into one entry.
func (i *importer) mergeAccess() {
	type key struct{ who, verb, right string }
	merged := map[key]*register.Access{}
	var out []*register.Access
	for _, a := range i.out.Register.Access {
		k := key{a.Who, a.Verbs[0], a.Note}
		if m := merged[k]; m != nil {
			m.On = append(m.On, a.On...)
			continue
		}
		a.ID = i.id("", a.Who+"-"+a.Note)
		merged[k] = a
		out = append(out, a)
	}
	for _, a := range out {
		slices.Sort(a.On)
		a.On = slices.Compact(a.On)
	}
	i.out.Register.Access = out
}

// readOpenGraph reads BloodHound's OpenGraph: nodes with kinds, edges by kind.
func readOpenGraph(i *importer, v value) {
	people := map[string]bool{}
	for _, n := range v.list("graph", "nodes") {
		i.openNode(n, people)
	}
	for _, e := range v.list("graph", "edges") {
		from, to := orText(e.str("start", "value"), e.str("start")), orText(e.str("end", "value"), e.str("end"))
		kind := e.str("kind")
		who, on := i.known("node "+from), i.known("node "+to)
		switch {
		case people[from] || people[to]:
			i.skip("edge", kind, "rests on a single person; give it to a role")
		case who == "" || on == "" || who == on:
			i.skip("edge", kind, "an end is not a node of the model")
		case slices.Contains(administering, kind):
			i.access(who, on, "administer", kind)
		case kind == "MemberOf":
			i.skip("edge", kind, "membership is a headcount")
		default:
			i.access(who, on, "read", kind)
		}
	}
	i.mergeAccess()
}

func (i *importer) openNode(n value, people map[string]bool) {
	key := n.str("id")
	name := orText(n.str("properties", "name"), n.str("properties", "displayname"), key)
	kinds := strings.ToLower(strings.Join(n.texts("kinds"), " "))
	id := func() string { return i.id("node "+key, name) }
	switch {
	case strings.Contains(kinds, "user") || strings.Contains(kinds, "person"):
		people[key] = true
		i.take("user (counted, not named)")
		return
	case strings.Contains(kinds, "group") || strings.Contains(kinds, "role"):
		i.out.Register.Roles = append(i.out.Register.Roles, &register.Role{Entity: entity(id(), name, "Kinds: "+kinds)})
	case strings.Contains(kinds, "domain") || strings.Contains(kinds, "tenant"):
		i.out.Register.IdentityProviders = append(i.out.Register.IdentityProviders,
			&register.IdentityProvider{Entity: entity(id(), name, "Kinds: "+kinds)})
	default:
		i.out.Register.Systems = append(i.out.Register.Systems, &register.System{
			Entity: entity(id(), name, "Kinds: "+kinds), Kind: kindOf(kinds),
		})
	}
	i.take("node")
}
