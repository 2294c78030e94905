package causal

import "strings"

// Method says how two hosts were linked, best proof first; the zero value is a
// link inside one host.
type Method uint8

// The methods.
const (
	MethodNone       Method = iota
	MethodIdentifier        // one logon identifier in the records of both hosts
	MethodConnection        // addresses and ports of one connection
	MethodWire              // one connection that only the network's own log shows
	MethodFile              // one file's hash, after a logon from there
	MethodBroker            // one pipe, service or job name on both hosts
	MethodTicket            // one ticket, token or session of an identity provider
	MethodTarget            // credentials or a command line that name the target
	MethodTime              // account, source and time alone
)

var methodNames = [...]string{
	"", "identifier", "connection", "wire", "file", "broker", "ticket", "target", "time",
}

// String returns the method as reports show it.
func (m Method) String() string { return methodNames[m] }

// Tie is one network logon and what ties it to a process or session of another
// host, best proof first; no links where nothing does.
type Tie struct {
	Logon   *Rel
	Links   []Link
	Address bool // the logon names the address it came from
	Local   bool // it came from the host itself
}

// Ties returns every network logon of the graph, oldest first. Methods before
// from are not asked, so that their answers can be held against the others'.
// Links from system processes that hold connections for others are included.
func (g *Graph) Ties(from Method) []Tie {
	var ties []Tie
	for k, i := range g.ix.logons {
		r := &g.rels[i]
		if r.Facts.LogonType != 3 || g.nodes[r.Dst].Kind != KindSession {
			continue
		}
		t := Tie{Logon: r, Address: r.Facts.SrcIP != ""}
		host := g.nodes[r.Dst].Host
		src := g.ix.sourceHost(r.Facts)
		t.Local = src == host || strings.EqualFold(shortUser(r.Facts.User), host+"$") && src == ""
		if !t.Local {
			t.Links = g.sources(k, from)
		}
		ties = append(ties, t)
	}
	return ties
}
