package score

import (
	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal"
)

// CrossHost counts the network logons of recordings and what ties them to a
// process of another host.
type CrossHost struct {
	Logons  int            `json:"network_logons"`
	Local   int            `json:"from_the_host_itself"` // not counted further
	Address int            `json:"with_address"`
	Tied    int            `json:"tied"` // with address, to a process of the other host
	Acting  int            `json:"tied_to_an_ordinary_process"`
	Bare    int            `json:"without_address"`
	BareTie int            `json:"without_address_tied"`
	Methods map[string]int `json:"methods"`
	Labels  int            `json:"labelled"` // logons whose process a label names
	Checked int            `json:"checked"`  // held against a label or stronger proof
	Wrong   int            `json:"wrong"`
}

func (c *CrossHost) add(o CrossHost) {
	c.Logons, c.Local, c.Address = c.Logons+o.Logons, c.Local+o.Local, c.Address+o.Address
	c.Tied, c.Acting, c.Bare = c.Tied+o.Tied, c.Acting+o.Acting, c.Bare+o.Bare
	c.BareTie, c.Checked, c.Wrong = c.BareTie+o.BareTie, c.Checked+o.Checked, c.Wrong+o.Wrong
	c.Labels += o.Labels
	for m, n := range o.Methods {
		c.Methods[m] += n
	}
}

// crossHost asks the graph who made each network logon. A tie is checked
// against the label, else by leaving the proof out: where identifiers or
// addresses and ports name the process, the weaker methods must not name
// another one.
func crossHost(g *causal.Graph, truth map[event.ID]string) CrossHost {
	c := CrossHost{Methods: map[string]int{}}
	for _, t := range g.Ties(causal.MethodIdentifier) {
		c.Logons++
		switch {
		case t.Local:
			c.Local++
			continue
		case t.Address:
			c.Address++
		default:
			c.Bare++
		}
		if want := truth[t.Logon.ID]; want != "" {
			c.Labels++
		}
		if len(t.Links) == 0 {
			continue
		}
		c.Methods[t.Links[0].Method.String()]++
		if !t.Address {
			c.BareTie++
		} else {
			c.Tied++
			if !g.Node(t.Links[0].Src).Boundary() {
				c.Acting++
			}
		}
		c.check(g, &t, truth[t.Logon.ID])
	}
	c.leaveOut(g)
	return c
}

// check holds a tie against its label.
func (c *CrossHost) check(g *causal.Graph, t *causal.Tie, want string) {
	if want == "" {
		return
	}
	c.Checked++
	if g.Node(t.Links[0].Src).Key != want {
		c.Wrong++
	}
}

// leaveOut compares what the weaker methods say with proven ties.
func (c *CrossHost) leaveOut(g *causal.Graph) {
	proven := map[event.ID]causal.Tie{}
	for _, t := range g.Ties(causal.MethodIdentifier) {
		if len(t.Links) > 0 && t.Links[0].Method <= causal.MethodConnection && !t.Local {
			proven[t.Logon.ID] = t
		}
	}
	for _, t := range g.Ties(causal.MethodConnection + 1) {
		p, ok := proven[t.Logon.ID]
		if !ok || len(t.Links) == 0 {
			continue
		}
		c.Checked++
		if !agrees(g, p.Links, t.Links[0].Src) {
			c.Wrong++
		}
	}
}

// agrees reports whether a node is one of the proven ones: the process itself,
// or where the system's own process holds the connection, one of its host.
func agrees(g *causal.Graph, proven []causal.Link, n int) bool {
	for _, l := range proven {
		src := g.Node(l.Src)
		if l.Src == n || src.Host == g.Node(n).Host && src.Boundary() {
			return true
		}
	}
	return false
}
