package causal

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
)

const (
	// sittingWindow is how long calls of one account with one program may lie
	// apart and still be one sitting.
	sittingWindow = time.Hour
	// appWindow is how long after its change an application's calls are looked
	// at: a stolen credential is used within days.
	appWindow = 7 * 24 * time.Hour
)

// backCloud asks for the earlier calls of the same sitting, where an identity
// provider names no session but gives every operation an identifier of its own:
// the same account by its object id, with the same program, within the hour.
func (s *search) backCloud(n int) {
	by := s.actedThrough(n)
	if by == nil || by.Facts.Origin == "" || s.g.logonOf(n) != nil {
		return
	}
	var before *Rel
	for _, i := range s.g.out[by.Src] {
		r := &s.g.rels[i]
		if r.Verb != VerbActed || r.Dst == n || !r.Time.Before(by.Time) ||
			by.Time.Sub(r.Time) > sittingWindow || r.Facts.Origin != by.Facts.Origin {
			continue
		}
		before = r
	}
	if before != nil {
		s.adopt(sittingLink(before, by))
	}
}

func sittingLink(before, after *Rel) Link {
	return Link{
		Src: before.Dst, Dst: after.Dst, Verb: VerbActed, Grade: Inferred, Time: after.Time,
		Method: MethodTime, Events: []event.ID{before.ID, after.ID},
		Why: "the same account by its object id, with the same program, within the hour",
	}
}

// actedThrough returns the edge from the principal behind a session.
func (s *search) actedThrough(n int) *Rel {
	for _, i := range s.g.in[n] {
		r := &s.g.rels[i]
		if r.Verb == VerbActed && r.Src >= 0 && s.g.nodes[r.Src].Kind == KindPrincipal {
			return r
		}
	}
	return nil
}

// backPrincipal asks who changed the application that acts.
func (s *search) backPrincipal(p int, t time.Time) {
	s.hold(p, t, VerdictControlled)
	n := &s.g.nodes[p]
	r, ok := s.g.Find(KindResource, "", strings.ToLower(n.Name))
	if n.Name == "" || !ok {
		return
	}
	for _, i := range s.g.in[r] {
		c := &s.g.rels[i]
		done := c.Verb == VerbCalled && c.Strength == Control && c.Src >= 0 && c.Src != p
		if done && c.Time.Before(t) && t.Sub(c.Time) <= appWindow {
			s.adopt(changedLink(c, p))
		}
	}
}

func changedLink(c *Rel, p int) Link {
	return Link{
		Src: c.Src, Dst: p, Verb: VerbCalled, Grade: Inferred, Time: c.Time, Method: MethodTicket,
		Events: []event.ID{c.ID},
		Why:    "it changed the application of this name, which acted afterwards",
	}
}

// passCall follows the change of an application to what the application did, and
// a sitting to its later calls.
func (s *search) passCall(n int, r *Rel) {
	for _, p := range s.g.ix.principals[s.g.nodes[r.Dst].Key] {
		first := s.g.nodes[p].First
		if p != n && first.After(r.Time) && first.Sub(r.Time) <= appWindow {
			s.take(changedLink(r, p), r.Time)
		}
	}
	by := s.actedThrough(n)
	if by == nil || by.Facts.Origin == "" || s.g.logonOf(n) != nil {
		return
	}
	for _, i := range s.g.out[by.Src] {
		later := &s.g.rels[i]
		if later.Verb == VerbActed && later.Dst != n && later.Time.After(by.Time) &&
			later.Time.Sub(by.Time) <= sittingWindow && later.Facts.Origin == by.Facts.Origin {
			s.take(sittingLink(by, later), later.Time)
		}
	}
}

// signInGap says that nothing shows how a session of an identity provider came
// to be: where from, on which device, with which factors.
func (s *search) signInGap(c *Member, n *Node) Gap {
	who, after := cmp.Or(n.Name, n.User(), "an unknown account"), event.ID{}
	if by := s.actedThrough(c.Node); by != nil {
		who, after = cmp.Or(by.Facts.User, who), by.ID
	}
	return Gap{
		Kind: GapLogon, From: c.From, To: c.From, About: n.Entity.String(), After: after,
		Text: fmt.Sprintf("No sign-in is recorded for what %s did here: where from, on which device "+
			"and with which token is not known.", who),
		WouldClose: "Sign-ins of the identity provider, and tokens issued by the federation server " +
			"(AD FS 1200, 1202, 412, 501)",
		Query: and("class_uid:3002", term("user.name", who)),
	}
}

// byDirectory takes the only process on the source host that asked a directory as
// the same account at the moment of the logon.
func (g *Graph) byDirectory(r *Rel, from string) []Link {
	var found *Rel
	for _, i := range g.ix.directory[from] {
		c := &g.rels[i]
		if c.Time.Sub(r.Time).Abs() > sameMoment || shortUser(c.Facts.User) != shortUser(r.Facts.User) {
			continue
		}
		if found != nil && found.Src != c.Src {
			return nil
		}
		found = c
	}
	if found == nil {
		return nil
	}
	return []Link{logonLink(r, found.Src, MethodTime, Inferred, found,
		"asked the directory as the same account, on the host the logon came from, within a second")}
}

// asksDirectory reports whether an operation reads a directory service.
func asksDirectory(operation string) bool {
	operation = strings.ToLower(operation)
	return strings.Contains(operation, "ldap") || strings.Contains(operation, "directory")
}

// sameMoment is how close the two records of one question to a directory lie.
const sameMoment = time.Second
