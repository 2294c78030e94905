package causal

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evident-sec/evident/internal/causal/edge"
)

// maxBroken bounds how many possible parts of the incident are listed for one
// host.
const maxBroken = 20

// brokenGaps lists what may belong to the incident although no record says so:
// programs that started beside it without a record of their start, services that
// ran without a record of who installed them, and processes that a controlled
// one could have taken over.
func (s *search) brokenGaps(sp *Spine, from, to time.Time) {
	if from.IsZero() {
		return
	}
	for _, h := range sp.Hosts(s.g) {
		s.startlessGaps(h, from, to)
		s.unownedGaps(h, from, to)
	}
	for i := range sp.Members {
		if m := &sp.Members[i]; m.Verdict >= VerdictControlled {
			s.takeoverGaps(m)
			s.unstartedParent(m)
			s.unansweredGaps(m)
			s.scriptGaps(m)
		}
	}
}

// startlessGaps lists processes whose identifier says that they started during
// the incident, on a host that records starts, but not theirs.
func (s *search) startlessGaps(host string, from, to time.Time) {
	listed := 0
	for _, p := range s.g.ix.startless[host] {
		n := &s.g.nodes[p.node]
		if p.at.Before(from.Add(-clockSlack)) || p.at.After(to.Add(clockSlack)) || s.holds(p.node) {
			continue
		}
		if listed++; listed > maxBroken {
			return
		}
		s.gap(Gap{
			Kind: GapStart, Host: host, From: p.at, To: n.First, About: n.Entity.String(),
			Text: fmt.Sprintf("By its identifier %s on %s started at %s, during the incident; the "+
				"record of its start, which names its parent, is missing.", label(n), host,
				p.at.UTC().Format("15:04:05")),
			WouldClose: "Process starts of " + host + " (Sysmon 1, Security 4688 or audit execve)",
			Query:      and(term("device.hostname", host), "class_uid:1007", procTerm(n)),
		})
	}
}

// holds reports whether a node is a controlled member.
func (s *search) holds(n int) bool {
	m := s.control[n]
	return m != nil && m.Verdict >= VerdictControlled
}

// unownedGaps lists what the service manager started during the incident and
// nobody is known to have installed.
func (s *search) unownedGaps(host string, from, to time.Time) {
	listed := 0
	for _, p := range s.g.ix.started[host] {
		n := &s.g.nodes[p]
		if n.Start.Before(from) || n.Start.After(to) || s.holds(p) || n.role == roleBoundary {
			continue
		}
		r := s.parent(p)
		if r == nil || Base(s.g.nodes[r.Src].Name) != "services.exe" || ownService(n) ||
			len(s.g.brokers(p)) > 0 {
			continue
		}
		if listed++; listed > maxBroken {
			return
		}
		s.gap(unownedGap(n, r))
	}
}

// ownService reports whether a program is one of the system's own services: it
// lies in a system folder and runs no code of others.
func ownService(n *Node) bool {
	return edge.SystemPath(NormalPath(n.Name)) && !interpreters[n.base]
}

// parent returns the edge of the start of p that names its parent.
func (s *search) parent(p int) *Rel {
	for _, i := range s.g.in[p] {
		if r := &s.g.rels[i]; r.Verb == VerbSpawned && r.Src >= 0 {
			return r
		}
	}
	return nil
}

func unownedGap(n *Node, r *Rel) Gap {
	return Gap{
		Kind: GapBroker, Host: n.Host, From: r.Time, To: r.Time, About: n.Entity.String(),
		Text: fmt.Sprintf("The service manager started %s on %s, but no record shows who "+
			"installed that service.", label(n), n.Host),
		WouldClose: "Service installations of " + n.Host + " (System 7045, Security 4697)",
		Query:      and(term("device.hostname", n.Host), "class_uid:201004"),
		After:      r.ID,
	}
}

// originGaps reports the files of the incident whose code ran and that nobody is
// known to have written, where they lie outside what only the system and
// administrators write.
func (s *search) originGaps(c *Member, n *Node) {
	for _, path := range s.ran(c.Node, n) {
		normal := NormalPath(path)
		if path == "" || Base(path) == normal || edge.InstalledPath(normal) ||
			s.writtenByOthers(c, n.Host, path) {
			continue
		}
		f := Entity{Kind: KindFile, Host: n.Host, Key: normal}
		s.gap(Gap{
			Kind: GapOrigin, Host: n.Host, From: c.From, To: c.From, About: f.String(),
			Text: fmt.Sprintf("No record shows who wrote %s on %s, which ran in the incident.", path,
				n.Host),
			WouldClose: "File writes of " + n.Host + " (Sysmon 11 and 15, Security 4663, audit watches), " +
				"or its browser's and mail program's history",
			Query: and(term("device.hostname", n.Host), "class_uid:1001", term("file.name", Base(path))),
			After: firstID(n.Launch),
		})
	}
}

// writtenByOthers reports whether somebody else than the member itself is known to
// have written the file: a program that renames itself does not say where it is from.
func (s *search) writtenByOthers(c *Member, host, path string) bool {
	return slices.ContainsFunc(s.g.writersOf(host, path, c.From.Add(installSlack)), func(w writing) bool {
		return w.rel.Src != c.Node
	})
}

// ran lists the files whose code a member ran: its image, or what a service or
// job was told to run.
func (s *search) ran(c int, n *Node) []string {
	if n.Kind == KindProcess {
		return []string{n.Name}
	}
	var paths []string
	for _, i := range s.g.in[c] {
		if r := &s.g.rels[i]; isInstall(r) {
			paths = append(append(paths, firstToken(r.Facts.Command)), edge.CodeMentions(". "+r.Facts.Command)...)
		}
	}
	return paths
}

// startGap reports a root that a system process started for a reason nobody
// recorded. What a user starts from the desktop has its reason.
func (s *search) startGap(c *Member, n *Node) {
	r := s.parent(c.Node)
	if n.Kind != KindProcess || r == nil || s.holds(r.Src) || len(s.g.brokers(c.Node)) > 0 {
		return
	}
	src := &s.g.nodes[r.Src]
	switch {
	case src.role != roleBoundary:
	case desktops[src.base]:
		s.openedGap(r)
	case src.base == "services.exe":
		s.gap(unownedGap(n, r))
	case len(c.Links) == 0 || passiveOnly(c.Links):
		s.gap(Gap{
			Kind: GapControl, Host: n.Host, From: r.Time, To: r.Time, About: src.Entity.String(),
			Text: fmt.Sprintf("%s on %s started %s, but no record shows on whose behalf: a task, a "+
				"call from another program or host, or code inside it.", label(src), n.Host, label(n)),
			WouldClose: "Tasks (Security 4698, TaskScheduler 106 and 200), WMI activity (5857 to 5861), " +
				"remote threads (Sysmon 8) of " + n.Host,
			Query: and(term("device.hostname", n.Host), procTerm(src)),
			After: r.ID,
		})
	}
}

// openedGap reports that a desktop which started a root had been opened before by
// an ordinary program with all rights that injection needs.
func (s *search) openedGap(start *Rel) {
	for _, i := range s.g.in[start.Src] {
		r := &s.g.rels[i]
		if r.Verb != VerbOpened || r.Time.After(start.Time) || r.Src < 0 || r.Src == start.Dst ||
			s.g.nodes[r.Src].role != rolePlain || edge.InstalledPath(NormalPath(s.g.nodes[r.Src].Name)) {
			continue
		}
		s.gap(s.takeoverGap(r))
		return
	}
}

func passiveOnly(links []*Link) bool {
	return !slices.ContainsFunc(links, func(l *Link) bool { return !l.Passive })
}

// unstartedParent reports the parent of a member that belongs to nothing because
// its own start is missing.
func (s *search) unstartedParent(m *Member) {
	r := s.parent(m.Node)
	if r == nil || s.holds(r.Src) || s.g.nodes[r.Src].role != rolePlain || s.started(r.Src) {
		return
	}
	n, child := &s.g.nodes[r.Src], &s.g.nodes[m.Node]
	s.gap(Gap{
		Kind: GapStart, Host: n.Host, From: r.Time, To: r.Time, About: n.Entity.String(),
		Text: fmt.Sprintf("%s on %s started %s, but the record of its own start is missing.",
			label(n), n.Host, label(child)),
		WouldClose: "Process starts of " + n.Host + " before this time (Sysmon 1, Security 4688 or " +
			"audit execve)",
		Query: and(term("device.hostname", n.Host), "class_uid:1007", procTerm(n)),
		After: r.ID,
	})
}

// unansweredGaps reports the hosts that a member's command line names and that
// nothing of the incident reached, although they send logs.
func (s *search) unansweredGaps(m *Member) {
	n := &s.g.nodes[m.Node]
	if n.Kind != KindProcess || n.Start.IsZero() {
		return
	}
	for _, h := range s.g.ix.hostMentions(n) {
		if !asksFor(n.CmdLine(), h) || s.reaches(n, h) {
			continue
		}
		s.gap(Gap{
			Kind: GapLogon, Host: h, From: n.Start, To: n.Start.Add(nameWindow), About: n.Entity.String(),
			Text: fmt.Sprintf("The command line of %s on %s names %s; no logon there is tied to it.",
				label(n), n.Host, h),
			WouldClose: "Logons of " + h + " (Security 4624, sshd)",
			Query:      and(term("device.hostname", h), "class_uid:3002"),
			After:      firstID(n.Launch),
		})
	}
}

// asksFor reports whether a command line names a host as something to log on to:
// \\host, user@host, or the options of the system's own remote tools.
func asksFor(cmd, host string) bool {
	cmd = strings.ToLower(cmd)
	for _, before := range []string{
		`\\`, "@", "node:", "computername ", "computername:", "/s ", "-r:", "/v:",
	} {
		if strings.Contains(cmd, before+host) || strings.Contains(cmd, before+`"`+host) {
			return true
		}
	}
	return false
}

// reaches reports whether a link leads from the process's host to another one
// within the time in which a console tool acts.
func (s *search) reaches(n *Node, host string) bool {
	for k, l := range s.links {
		d := l.Time.Sub(n.Start)
		if s.g.nodes[k.src].Host == n.Host && s.g.nodes[k.dst].Host == host && d.Abs() <= nameWindow {
			return true
		}
	}
	return false
}

// takeoverGaps lists the processes that a controlled one opened with all rights
// that injection needs, and of which no injection is recorded. Its own children
// it opens by starting them.
func (s *search) takeoverGaps(m *Member) {
	seen := map[int]bool{}
	for _, i := range s.g.out[m.Node] {
		if r := &s.g.rels[i]; r.Dst >= 0 && (r.Verb == VerbSpawned || r.Verb == VerbInjected) {
			seen[r.Dst] = true
		}
	}
	for _, i := range s.g.out[m.Node] {
		r := &s.g.rels[i]
		if r.Verb != VerbOpened || r.Dst < 0 || seen[r.Dst] || r.Time.Before(m.From) ||
			s.holds(r.Dst) || len(seen) > maxBroken {
			continue
		}
		seen[r.Dst] = true
		s.gap(s.takeoverGap(r))
	}
}

func (s *search) takeoverGap(r *Rel) Gap {
	src, dst := &s.g.nodes[r.Src], &s.g.nodes[r.Dst]
	return Gap{
		Kind: GapInject, Host: dst.Host, From: r.Time, To: r.Time, About: dst.Entity.String(),
		Text: fmt.Sprintf("%s on %s opened %s with the rights to take it over (access %s); no "+
			"record shows whether it did.", label(src), src.Host, label(dst), r.Facts.Access),
		WouldClose: "Remote threads and process tampering (Sysmon 8 and 25) of " + dst.Host,
		Query:      and(term("device.hostname", dst.Host), "class_uid:1007", procTerm(dst)),
		After:      r.ID,
	}
}

// startless is a process without a record of its start, and when its identifier
// says that it started.
type startless struct {
	node int
	at   time.Time
}

// learnStarts lists the processes without a start record whose identifier tells
// the time, by the clock of the records' headers.
func (ix *indexes) learnStarts(g *Graph) {
	offset := map[string]time.Duration{}
	for _, s := range g.sensors {
		offset[s.Host] = s.Offset
	}
	for i := range g.nodes {
		n := &g.nodes[i]
		if n.Kind != KindProcess || !n.Start.IsZero() || n.role == roleBoundary || !ix.launches[n.Host] {
			continue
		}
		if at, ok := edge.StartOf(n.Key); ok {
			at = at.Add(-offset[n.Host])
			if !at.After(n.First.Add(clockSlack)) {
				ix.startless[n.Host] = append(ix.startless[n.Host], startless{i, at})
			}
		}
	}
	for _, list := range ix.startless {
		slices.SortStableFunc(list, func(a, b startless) int { return a.at.Compare(b.at) })
	}
}
