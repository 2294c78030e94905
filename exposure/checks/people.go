package checks

import (
	"slices"
	"strings"
	"time"

	"github.com/evident-sec/evident/register"
)

// live reports whether an access still holds.
func (j *judge) live(a *register.Access) bool { return !j.past(a.Until) }

// reads returns the holdings an access opens, directly or on a system.
func (j *judge) reads(a *register.Access) []*register.Holding {
	var out []*register.Holding
	for _, on := range a.On {
		if h := j.holdings[on]; h != nil {
			out = append(out, h)
		}
		out = append(out, j.on[on]...)
	}
	return out
}

func (j *judge) assignmentOver() {
	for _, a := range j.r.Access {
		role := j.roles[a.Who]
		if role != nil && j.past(role.Ends) && j.live(a) {
			j.report(&a.Entity, "%s ended on %s, its access to %s did not", role.ID,
				role.Ends.Format(time.DateOnly), strings.Join(a.On, ", "))
		}
	}
}

func (j *judge) contractorWithoutEnd() {
	for _, r := range j.r.Roles {
		if r.Vendor != "" && r.Ends.IsZero() {
			j.report(&r.Entity, "staff of %s without an end date", r.Vendor)
		}
	}
}

func (j *judge) approverReadsBulk() {
	for _, a := range j.r.Access {
		role := j.roles[a.Who]
		if role != nil && role.Approver && a.Bulk && j.live(a) {
			j.report(&a.Entity, "%s approves requests and reads %s in bulk", role.ID, named(j.reads(a)))
		}
	}
}

func (j *judge) serviceAccountBulk() {
	for _, a := range j.r.Access {
		if !a.Service || !a.Bulk || !j.live(a) {
			continue
		}
		var list []*register.Holding
		for _, h := range j.reads(a) {
			if j.big(h) {
				list = append(list, h)
			}
		}
		if list != nil && (slices.Contains(weak, a.Auth) || slices.Contains(a.Verbs, "write") ||
			slices.Contains(a.Verbs, "administer")) {
			j.report(&a.Entity, "%s reads all of %s with more rights or a weaker key than that needs",
				a.Who, named(list))
		}
	}
}

// theirs reports whether a party or a role of one acts.
func (j *judge) theirs(who string) bool {
	role := j.roles[who]
	return j.vendors[who] != nil || role != nil && role.Vendor != ""
}

func (j *judge) remoteWithoutMFA() {
	for _, a := range j.r.Access {
		if j.theirs(a.Who) && j.live(a) && slices.Contains(weak, a.Auth) && !j.strongVia(a) {
			j.report(&a.Entity, "%s gets to %s with %s", a.Who, strings.Join(a.On, ", "), orNothing(a.Auth))
		}
	}
}

// strongVia reports whether the identity provider in between asks for more.
func (j *judge) strongVia(a *register.Access) bool {
	it, ok := j.r.Find(a.Via)
	if !ok {
		return false
	}
	p, isIDP := it.Value.(*register.IdentityProvider)
	return isIDP && p.MFA != "" && p.MFA != "none"
}

func orNothing(s string) string {
	if s == "" {
		return "no sign-in that is on record"
	}
	return s
}

func (j *judge) adminWithoutMFA() {
	for _, a := range j.r.Access {
		admin := slices.Contains(a.Verbs, "administer") || slices.Contains(a.Verbs, "deploy")
		if j.roles[a.Who] != nil && admin && j.live(a) && slices.Contains(weak, a.Auth) && !j.strongVia(a) {
			j.report(&a.Entity, "%s administers %s with %s", a.Who, strings.Join(a.On, ", "), orNothing(a.Auth))
		}
	}
}

func (j *judge) sharedAccount() {
	for _, a := range j.r.Access {
		if j.theirs(a.Who) && j.live(a) && (a.Auth == "shared-secret" || a.Auth == "none") {
			j.report(&a.Entity, "%s shares its way in", a.Who)
		}
	}
	for _, f := range j.r.Flows {
		if j.external(f) && f.Auth == "shared-secret" {
			j.report(&f.Entity, "%s and %s share a secret", f.From, f.To)
		}
	}
}

// sensitive returns the large holdings that an identity provider opens.
func (j *judge) sensitive(p *register.IdentityProvider) []*register.Holding {
	var out []*register.Holding
	for _, s := range j.r.Systems {
		if s.SignIn != p.ID {
			continue
		}
		for _, h := range j.on[s.ID] {
			if j.big(h) {
				out = append(out, h)
			}
		}
	}
	return out
}

func (j *judge) idpAdminPath() {
	for _, p := range j.r.IdentityProviders {
		list := j.sensitive(p)
		if list == nil {
			continue
		}
		for _, id := range p.Admins {
			switch {
			case j.theirs(id):
				j.report(&p.Entity, "%s, from outside, administers what opens %s", id, named(list))
			case p.MFA == "" || p.MFA == "none" || p.MFA == "otp" || p.MFA == "push":
				j.report(&p.Entity, "%s administers what opens %s with %s", id, named(list), orNothing(p.MFA))
			}
		}
	}
}

func (j *judge) trustsOutside() {
	for _, p := range j.r.IdentityProviders {
		for _, t := range p.Trusts {
			it, ok := j.r.Find(t)
			if !ok {
				continue
			}
			if other := it.Value.(*register.IdentityProvider); j.vendors[other.Operator] != nil {
				j.report(&p.Entity, "trusts %s, which %s runs", other.ID, other.Operator)
			}
		}
	}
}

func (j *judge) signInPhishable() {
	for _, p := range j.r.IdentityProviders {
		if p.MFA != "phishing-resistant" {
			j.report(&p.Entity, "asks for %s", orNothing(p.MFA))
		}
	}
}

// vetting returns the screening that data ask for: what lasts for life 3, what
// is large 2, other data on people 1.
func (j *judge) vetting(h *register.Holding) int {
	need := 0
	for _, c := range h.Categories {
		t, ok := register.TraitOf(c)
		switch {
		case !ok || t.Dimension == "":
		case t.Irrevocable >= .8:
			need = max(need, 3)
		case j.big(h):
			need = max(need, 2)
		default:
			need = max(need, 1)
		}
	}
	return need
}

func (j *judge) screeningBelowData() {
	for _, a := range j.r.Access {
		role := j.roles[a.Who]
		if role == nil || !j.live(a) || j.past(role.Ends) {
			continue
		}
		for _, h := range j.reads(a) {
			if need := j.vetting(h); role.Screening < need {
				j.report(&a.Entity, "%s, vetted to level %d, reads %s, which asks for %d", role.ID,
					role.Screening, h.ID, need)
				break
			}
		}
	}
}

func (j *judge) opsecOverShared() {
	for _, k := range j.r.Knowledge {
		if k.Kind != "architecture" && k.Kind != "weak-points" && k.Kind != "plans" {
			continue
		}
		var out []string
		staff := 0
		for _, id := range k.Readers {
			if j.theirs(id) {
				out = append(out, id)
			} else if r := j.roles[id]; r != nil {
				staff += r.Headcount
			}
		}
		switch {
		case out != nil:
			j.report(&k.Entity, "%s of %d entities is read by %s", k.Kind, len(k.Describes), strings.Join(out, ", "))
		case staff > 100 && len(k.Describes) >= 3:
			j.report(&k.Entity, "%s of %d entities is read by %d people", k.Kind, len(k.Describes), staff)
		}
	}
}
