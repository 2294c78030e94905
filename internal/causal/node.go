package causal

import (
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal/edge"
)

// Node is one entity of a graph. Times are zero where no event tells them.
type Node struct {
	Entity
	First, Last time.Time // first and last event that names it
	Start, End  time.Time // of a process, where a record says so
	Launch      []event.ID
	Facts       *Facts // of the launch or logon; nil where unseen
	Short       bool   // joined over a short name or unknown drive
	role        role
	written     bool          // listed among the files somebody wrote
	base        string        // Base(Name)
	told        *edge.Command // what its command line mentions; nil without one
}

// CmdLine returns the command line of a process, "" when unknown.
func (n *Node) CmdLine() string {
	if n.Facts == nil {
		return ""
	}
	return n.Facts.CmdLine
}

// User returns the account of a process or session, "" when unknown.
func (n *Node) User() string {
	if n.Facts == nil {
		return ""
	}
	return n.Facts.User
}

// Boundary reports whether the node is a long-lived system process.
func (n *Node) Boundary() bool { return n.role == roleBoundary }

// Portal reports whether the node is a mail or web program.
func (n *Node) Portal() bool { return n.role == rolePortal }

// Console reports whether the node is the console window of its parent.
func (n *Node) Console() bool { return consoles[n.base] }

// Rel is an edge between two nodes of a graph; -1 where an end is unknown.
type Rel struct {
	Time     time.Time
	ID       event.ID
	Src, Dst int
	Verb     Verb
	Strength Strength
	Grade    Grade // how surely both ends are the entities they resolve to
	Facts    *Facts
}

// host returns the host of the edge's source, else of its target.
func (r *Rel) host(g *Graph) string {
	if r.Src >= 0 {
		return g.nodes[r.Src].Host
	}
	if r.Dst >= 0 {
		return g.nodes[r.Dst].Host
	}
	return ""
}
