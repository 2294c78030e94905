package causal

import (
	"slices"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal/edge"
)

// installSlack allows the record of an installation to be written after the
// start it caused.
const installSlack = 5 * time.Second

// brokers returns the services and jobs whose command is what p runs, where a
// service manager or job scheduler started it.
func (s *search) brokers(p int) []Link { return s.g.brokers(p) }

func (g *Graph) brokers(p int) []Link {
	n := &g.nodes[p]
	base := ""
	for _, i := range g.in[p] {
		if r := &g.rels[i]; r.Verb == VerbSpawned && r.Src >= 0 {
			base = Base(g.nodes[r.Src].Name)
		}
	}
	var links []Link
	if base == "services.exe" || base == "systemd" {
		links = g.brokered(p, KindService, n)
	}
	if jobHosts[base] {
		links = append(links, g.brokered(p, KindJob, n)...)
	}
	return append(links, g.triggered(p)...)
}

// triggered returns the jobs a record names as the starter of p.
func (g *Graph) triggered(p int) []Link {
	var links []Link
	for _, i := range g.in[p] {
		r := &g.rels[i]
		if r.Verb == VerbStarted && g.nodes[r.Src].Kind == KindJob {
			links = append(links, Link{
				Src: r.Src, Dst: p, Verb: VerbStarted, Grade: r.Grade, Time: r.Time,
				Events: []event.ID{r.ID}, Why: "the scheduler's record names the process",
			})
		}
	}
	return links
}

// brokered matches p with the latest installation before it whose command is
// the same.
func (g *Graph) brokered(p int, kind Kind, n *Node) []Link {
	latest := map[int]*Rel{}
	for _, b := range g.ix.brokers[brokerKey{n.Host, kind}] {
		for _, i := range g.in[b] {
			r := &g.rels[i]
			if r.Time.After(n.Start.Add(installSlack)) || !isInstall(r) {
				continue
			}
			if sameCommand(r.Facts.Command, n) {
				latest[b] = r
			}
		}
	}
	var links []Link
	for b, r := range latest {
		links = append(links, Link{
			Src: b, Dst: p, Verb: VerbStarted, Grade: Corroborated, Time: n.Start,
			Events: append([]event.ID{r.ID}, n.Launch...),
			Why:    "the command that was installed and the one that ran are equal",
		})
	}
	slices.SortFunc(links, func(a, b Link) int { return a.Src - b.Src })
	return links
}

func isInstall(r *Rel) bool {
	return (r.Verb == VerbInstalled || r.Verb == VerbRegistered) && r.Facts != nil &&
		r.Facts.Command != ""
}

// sameCommand reports whether an installed command is what the process runs.
func sameCommand(command string, n *Node) bool {
	want, have := plainCommand(command), plainCommand(n.CmdLine())
	if want == "" {
		return false
	}
	if have != "" && (want == have || strings.HasPrefix(have, want+" ")) {
		return true
	}
	image := NormalPath(n.Name)
	program := NormalPath(firstToken(command))
	same, _ := SamePath(image, program)
	return same && (have == "" || !edge.SystemPath(image))
}

func firstToken(command string) string {
	command = strings.TrimSpace(command)
	if rest, ok := strings.CutPrefix(command, `"`); ok {
		token, _, _ := strings.Cut(rest, `"`)
		return token
	}
	token, _, _ := strings.Cut(command, " ")
	return token
}

// plainCommand returns a command line in lower case without quotes, with single
// blanks, and with the environment's usual variables written out.
func plainCommand(cmd string) string {
	cmd = edge.Expand(strings.ReplaceAll(cmd, `"`, ""))
	return strings.Join(strings.Fields(cmd), " ")
}

// backBroker asks who installed a service or registered a job before t.
func (s *search) backBroker(b int, t time.Time) {
	s.hold(b, t, VerdictControlled)
	limit := t.Add(installSlack)
	found := false
	for _, i := range s.g.in[b] {
		r := &s.g.rels[i]
		s.rels++
		if r.Verb != VerbInstalled && r.Verb != VerbRegistered || r.Time.After(limit) {
			continue
		}
		s.hold(b, r.Time, VerdictControlled)
		if r.Src >= 0 && s.g.nodes[r.Src].role != roleBoundary {
			s.adopt(s.installLink(r))
			found = true
		}
		for _, l := range s.g.callers(b, r) {
			s.adopt(l)
			found = true
		}
		for _, l := range s.g.commandWriters(b, r) {
			if s.g.nodes[l.Src].role == rolePlain {
				s.adopt(l)
				found = true
			}
		}
	}
	for _, l := range s.g.namedIn(b, limit) {
		s.adopt(l)
		found = true
	}
	if !found {
		for _, l := range s.g.recentLogon(b, t) {
			s.adopt(l)
		}
	}
	s.backStarted(b)
}

// backStarted holds the processes a seed service or job ran.
func (s *search) backStarted(b int) {
	for _, l := range s.g.startedBy(b) {
		l.Backward = true
		s.link(l)
		s.hold(l.Dst, l.Time, VerdictControlled)
	}
}

func (s *search) installLink(r *Rel) Link {
	why := "the record names the client process"
	grade := r.Grade
	if s.g.nodes[r.Src].Kind == KindSession {
		why = "the record names the logon session"
	} else if grade < Proven && r.Facts.RealActor != "" &&
		r.Facts.RealActor == sessionID(&s.g.nodes[r.Src]) {
		why, grade = "process id and logon session of the client are equal", Corroborated
	}
	return Link{
		Src: r.Src, Dst: r.Dst, Verb: r.Verb, Grade: grade, Time: r.Time,
		Events: []event.ID{r.ID}, Why: why,
	}
}

// commandWriters finds who wrote a file that the installed command names.
func (g *Graph) commandWriters(b int, r *Rel) []Link {
	if r.Facts == nil {
		return nil
	}
	n := &g.nodes[b]
	var links []Link
	tokens := append(edge.CodeMentions(". "+r.Facts.Command), firstToken(r.Facts.Command))
	for _, token := range tokens {
		for _, w := range g.writersOf(n.Host, token, r.Time.Add(installSlack)) {
			links = append(links, Link{
				Src: w.rel.Src, Dst: b, Verb: VerbWrote, Grade: Inferred, Time: w.rel.Time,
				Events: []event.ID{w.rel.ID, r.ID},
				Why:    "wrote the file that the installed command runs" + w.caveat(),
			})
		}
	}
	return links
}

// namedIn finds command lines that name the service or job shortly before its
// installation, on this host or on another whose command line names this one.
func (g *Graph) namedIn(b int, limit time.Time) []Link {
	n := &g.nodes[b]
	name := strings.ToLower(strings.TrimLeft(n.Name, `\`))
	if len(name) < 3 {
		return nil
	}
	var links []Link
	for _, p := range g.candidatesNaming(n.Host) {
		proc := &g.nodes[p]
		d := n.First.Sub(proc.Start)
		if proc.Start.IsZero() || proc.Start.After(limit) || d > time.Minute {
			continue
		}
		if !slices.Contains(strings.Fields(plainCommand(proc.CmdLine())), name) {
			continue
		}
		method := MethodNone
		if proc.Host != n.Host {
			method = MethodBroker
		}
		links = append(links, Link{
			Method: method, Src: p, Dst: b, Verb: VerbInstalled, Grade: Inferred, Time: proc.Start,
			Events: slices.Clone(proc.Launch),
			Why:    "its command line names it less than a minute before",
		})
	}
	return links
}

// candidatesNaming returns the processes whose command line names host, then
// those of the host itself that run a console tool for services or jobs.
func (g *Graph) candidatesNaming(host string) []int {
	list := slices.Clone(g.ix.names[host])
	for _, tool := range []string{"sc.exe", "schtasks.exe", "at.exe", "systemctl", "crontab"} {
		list = append(list, g.ix.images[onHost{host, tool}]...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// recentLogon links a service or job without a named client to the only
// network logon of the last half minute on its host.
func (g *Graph) recentLogon(b int, t time.Time) []Link {
	n := &g.nodes[b]
	var found []*Rel
	for _, k := range g.ix.logons {
		r := &g.rels[k]
		d := t.Sub(r.Time)
		if g.nodes[r.Dst].Host == n.Host && d >= 0 && d <= timely &&
			r.Facts.LogonType == 3 && g.nodes[r.Dst].Kind == KindSession {
			found = append(found, r)
		}
	}
	sources := map[string]bool{}
	for _, r := range found {
		sources[r.Facts.SrcIP+r.Facts.User] = true
	}
	if len(sources) != 1 {
		return nil
	}
	last := found[len(found)-1]
	return []Link{{
		Src: last.Dst, Dst: b, Verb: VerbInstalled, Grade: Inferred, Time: last.Time,
		Events: []event.ID{last.ID},
		Why:    "the only network logon on the host in the 30 s before",
	}}
}

// startedBy returns the processes that ran what a service or job installed.
func (g *Graph) startedBy(b int) []Link {
	n := &g.nodes[b]
	var links []Link
	for _, p := range g.ix.started[n.Host] {
		for _, l := range g.brokers(p) {
			if l.Src == b {
				links = append(links, l)
			}
		}
	}
	return links
}
