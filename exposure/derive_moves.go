package exposure

import (
	"slices"

	"github.com/evident-sec/evident/register"
)

// people: roles and their devices, vendors and their staff.
func (d *deriver) people() {
	for _, role := range d.r.Roles {
		if !d.current(role.Ends) {
			continue
		}
		d.move("works-on", role.ID, role.Device, register.Likely, &role.Entity)
		d.move("takes-session", role.Device, role.ID, register.Possible, &role.Entity)
		d.move("employs", role.Vendor, role.ID, register.Possible, &role.Entity)
	}
	for _, f := range d.r.Fleets {
		band := register.Likely
		if f.Attested >= 90 {
			band = register.Possible // most devices prove their state first
		}
		d.move("connects", f.ID, f.Zone, band, &f.Entity)
		d.move("manages", f.Managed, f.ID, register.Likely, &f.Entity)
	}
	for _, v := range d.r.Vendors {
		for _, client := range v.SubOf {
			band := register.Unlikely
			if !v.Disclosed {
				band = register.Possible // nobody looks at it
			}
			d.move("supplies", v.ID, client, band, &v.Entity)
		}
	}
}

// zones: which zone lets which in, and what a position in a zone reaches.
func (d *deriver) zones() {
	for _, z := range d.r.Zones {
		for _, from := range z.AllowedFrom {
			band := register.Likely
			if it, ok := d.r.Find(from); ok && z.Level-it.Value.(*register.Zone).Level >= 2 {
				band = register.Possible
			}
			d.move("crosses", from, z.ID, band, &z.Entity)
		}
		for _, s := range d.inZone[z.ID] {
			band := register.Unlikely
			if z.Flat {
				band = register.Possible
			}
			if s.EDR {
				band = step(band, 1)
			}
			d.move("exploits", z.ID, s.ID, band, &z.Entity)
			d.move("stands-in", s.ID, z.ID, register.Likely, &s.Entity)
		}
	}
}

// systems: who runs them, what they run on, who updates them, what lies on them.
func (d *deriver) systems() {
	for _, s := range d.r.Systems {
		d.move("operates", s.Operator, s.ID, register.Likely, &s.Entity)
		d.move("cloud", s.Cloud, s.ID, register.Remote, &s.Entity)
		for _, under := range s.Runs {
			d.move("hosts", under, s.ID, register.Likely, &s.Entity)
		}
		for _, from := range s.UpdatesFrom {
			band := register.Unlikely
			if !s.SignedUpdate {
				band = register.Possible
			}
			d.move("pushes-code", from, s.ID, band, &s.Entity)
		}
		for _, h := range d.holdings[s.ID] {
			d.onHolding("reads-all", s.ID, h, register.Likely, &h.Entity)
			for _, copyOn := range h.Copies {
				d.onHolding("keeps-copy", copyOn, h, register.Likely, &h.Entity)
			}
			d.backups(s, h)
		}
	}
}

func (d *deriver) backups(s *register.System, h *register.Holding) {
	band := register.Likely
	switch s.BackupKey {
	case "own":
		band = register.Remote
	case "shared":
		band = register.Possible
	}
	for _, b := range s.BacksUpTo {
		d.onHolding("opens-backup", b, h, band, &s.Entity)
	}
}

// onHolding adds a move onto a holding: logged queries and canaries make it
// easier to see.
func (d *deriver) onHolding(rule, from string, h *register.Holding, band register.Band,
	because *register.Entity,
) *Move {
	v := d.move(rule, from, h.ID, band, because)
	if h.KeyOn != "" && h.KeyOn != from && rule != "reads" && rule != "reads-singly" && rule != "receives" {
		v.Needs = append(v.Needs, h.KeyOn) // bytes without the key are no reading
	}
	if h.Canaries > 0 {
		v.Sight = clearer(v.Sight)
	}
	if it, ok := d.r.Find(h.System); ok && it.Value.(*register.System).QueryLog && rule != "opens-backup" {
		v.Sight = clearer(v.Sight)
	}
	return v
}

// flows: what the receiver gets, and what it suffers.
func (d *deriver) flows() {
	for _, f := range d.r.Flows {
		weak := slices.Contains([]string{"", "none", "shared-secret"}, f.Auth)
		for _, id := range f.Holdings {
			it, ok := d.r.Find(id)
			if !ok {
				continue
			}
			band := register.Likely
			if f.RateCap > 0 {
				band = register.Unlikely
			}
			d.onHolding("receives", f.To, it.Value.(*register.Holding), band, &f.Entity)
		}
		switch {
		case f.Write:
			band := register.Possible
			if f.Filter {
				band = register.Unlikely
			}
			d.move("writes", f.From, f.To, band, &f.Entity)
		case f.Direction != "pull" && weak:
			d.move("writes", f.From, f.To, register.Unlikely, &f.Entity)
		}
		if f.Direction == "pull" || f.Direction == "both" {
			band := register.Unlikely
			if !weak {
				band = register.Remote
			}
			d.move("calls", f.To, f.From, band, &f.Entity)
		}
	}
}

// accesses: what roles and service accounts may do.
func (d *deriver) accesses() {
	for _, a := range d.r.Access {
		if !d.current(a.Until) {
			continue
		}
		for _, on := range a.On {
			d.access(a, on)
		}
	}
}

func (d *deriver) access(a *register.Access, on string) {
	it, ok := d.r.Find(on)
	if !ok {
		return
	}
	band := authBand(a.Auth)
	var v *Move
	switch h, isHolding := it.Value.(*register.Holding); {
	case isHolding && a.Bulk:
		v = d.onHolding("reads", a.Who, h, band, &a.Entity)
	case isHolding:
		v = d.onHolding("reads-singly", a.Who, h, step(band, 2), &a.Entity)
	case slices.Contains(a.Verbs, "administer"):
		v = d.move("administers", a.Who, on, band, &a.Entity)
	case slices.Contains(a.Verbs, "deploy"):
		v = d.move("deploys", a.Who, on, band, &a.Entity)
	case it.Kind == "systems":
		// A user of a system is not in control of it, but inside it.
		v = d.move("uses", a.Who, on, step(band, 1), &a.Entity)
	default:
		v = d.move("uses", a.Who, on, band, &a.Entity)
	}
	v.Needs = append(v.Needs, a.Needs...)
}

// identity: providers open what they sign in to.
func (d *deriver) identity() {
	for _, p := range d.r.IdentityProviders {
		for _, s := range d.signIn[p.ID] {
			d.move("signs-in", p.ID, s, register.Likely, &p.Entity)
		}
		for _, a := range d.accessVia[p.ID] {
			for _, on := range a.On {
				d.move("signs-in", p.ID, on, register.Likely, &a.Entity)
			}
		}
		for _, role := range p.Admins {
			band := register.Likely
			switch p.MFA {
			case "phishing-resistant":
				band = register.Unlikely
			case "otp", "push":
				band = register.Possible
			}
			d.move("admin-of", role, p.ID, band, &p.Entity)
		}
		for _, other := range p.Trusts {
			d.move("trusts", other, p.ID, register.Possible, &p.Entity)
		}
		d.move("operates", p.Operator, p.ID, register.Likely, &p.Entity)
		d.move("hosts", p.System, p.ID, register.Likely, &p.Entity)
	}
}

// documents: who reads what tells about us.
func (d *deriver) documents() {
	for _, k := range d.r.Knowledge {
		for _, reader := range k.Readers {
			d.move("learns", reader, k.ID, register.Likely, &k.Entity)
		}
		d.move("reads-all", k.System, k.ID, register.Likely, &k.Entity)
	}
}

// effects are the bands by which a control lowers a move.
var effects = map[string]int{"": 1, "weak": 1, "medium": 2, "strong": 3, "blocks": 4}

// controls damps moves by what is in place, and notes what could cut them.
// A control works on moves that rest on an entity it names, and on those that
// lead onto one.
func (d *deriver) controls() {
	on := map[string][]*register.Control{}
	for _, c := range d.r.Controls {
		for _, id := range c.On {
			if it, ok := d.r.Find(id); ok {
				on[it.Entity.ID] = append(on[it.Entity.ID], c)
			}
		}
	}
	kept := d.m.Moves[:0]
	for _, v := range d.m.Moves {
		if damp(&v, on[v.Because], on[v.To]) {
			kept = append(kept, v)
		}
	}
	d.m.Moves = kept
}

// damp applies controls to a move; false means that one blocks it.
func damp(v *Move, lists ...[]*register.Control) bool {
	for _, list := range lists {
		for _, c := range list {
			if slices.Contains(v.Damped, c.ID) || slices.Contains(v.Cuts, c.ID) {
				continue
			}
			if c.State != "in-place" {
				v.Cuts = append(v.Cuts, c.ID)
				v.Cost = min(v.Cost, int64(max(c.Cost, 1)))
				continue
			}
			if c.Effect == "blocks" {
				return false
			}
			v.Damped = append(v.Damped, c.ID)
			v.Band = step(v.Band, effects[c.Effect])
			if c.Detects {
				v.Sight = clearer(v.Sight)
			}
		}
	}
	return true
}
