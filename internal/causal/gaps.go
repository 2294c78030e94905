package causal

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
)

// Gap is something the reconstruction does not know, and what would tell it.
type Gap struct {
	Kind       string // see the Gap kinds
	Host       string
	From, To   time.Time
	Text       string
	WouldClose string   // the log that would close it
	Query      string   // ready to run, in Evident's query language
	After      event.ID // the event it follows, zero where none
	About      string   // the entity it is about, "" where none
}

// Gap kinds.
const (
	GapParent  = "missing-parent"
	GapBroker  = "missing-installation"
	GapLogon   = "missing-logon"
	GapSource  = "missing-logon-source"
	GapControl = "system-process"
	GapHole    = "record-numbers"
	GapCleared = "log-cleared"
	GapQuiet   = "quiet-sensor"
	GapSensor  = "no-sensor"
	GapClock   = "clock"
	GapBudget  = "search-budget"
	GapName    = "ambiguous-name"
	GapStart   = "missing-start"
	GapInject  = "missing-injection"
	GapOrigin  = "missing-origin"
	GapScript  = "missing-script-part"
	GapKept    = "retention-edge"
)

// gapMargin is how far around the incident missing records matter.
const gapMargin = 5 * time.Minute

// findGaps lists what is missing along the spine, in time order.
func (s *search) findGaps(sp *Spine) []Gap {
	for i := range sp.Members {
		c := &sp.Members[i]
		n := &s.g.nodes[c.Node]
		switch n.Kind {
		case KindProcess:
			s.processGaps(c, sp)
			if c.Verdict >= VerdictControlled && n.role == rolePlain {
				s.originGaps(c, n)
			}
		case KindSession:
			s.sessionGaps(c)
		case KindService, KindJob:
			s.brokerGaps(c)
			s.originGaps(c, n)
		}
	}
	from, to := sp.Span(s.g)
	s.brokenGaps(sp, from, to)
	for _, h := range sp.Hosts(s.g) {
		s.sensorGaps(h, from.Add(-gapMargin), to.Add(gapMargin))
	}
	s.clearedGaps(sp.Hosts(s.g), from.Add(-gapMargin), to.Add(24*time.Hour))
	s.unseenHosts(sp)
	s.nameGaps(sp)
	if s.stopped {
		s.gap(Gap{
			Kind: GapBudget, From: from, To: to,
			Text: fmt.Sprintf("The search stopped here after %d nodes and %d edges; what lies beyond "+
				"was not looked at.", len(s.control), s.rels),
			WouldClose: "A search with higher limits, or from a later seed",
			Query:      s.budgetQuery(sp),
		})
	}
	slices.SortStableFunc(s.gaps, func(a, b Gap) int {
		return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Host, b.Host), cmp.Compare(a.Text, b.Text))
	})
	return s.gaps
}

// budgetQuery asks for what the hosts of the incident did.
func (s *search) budgetQuery(sp *Spine) string {
	hosts := sp.Hosts(s.g)
	if len(hosts) == 0 {
		return "class_uid:1007"
	}
	return and(term("device.hostname", hosts[0]), "class_uid:1007")
}

func (s *search) gap(g Gap) {
	for i := range s.gaps {
		if s.gaps[i].Kind == g.Kind && s.gaps[i].Text == g.Text {
			return
		}
	}
	s.gaps = append(s.gaps, g)
}

// Span returns the first and last time of what the controlled nodes did; zero
// times without any.
func (sp *Spine) Span(g *Graph) (from, to time.Time) {
	for i := range sp.Members {
		c := &sp.Members[i]
		if c.Verdict < VerdictControlled {
			continue
		}
		if n := &g.nodes[c.Node]; n.Kind == KindAccount || n.Kind == KindEndpoint {
			continue // what these do elsewhere belongs to nobody
		}
		if from.IsZero() || c.From.Before(from) {
			from = c.From
		}
		if last := g.nodes[c.Node].Last; last.After(to) && g.nodes[c.Node].role == rolePlain {
			to = last
		}
		if c.From.After(to) {
			to = c.From
		}
	}
	return from, to
}

func (s *search) processGaps(c *Member, sp *Spine) {
	n := &s.g.nodes[c.Node]
	switch {
	case c.Verdict == VerdictBoundary && c.Node == sp.Seed:
		s.gap(Gap{
			Kind: GapControl, Host: n.Host, About: n.Entity.String(), From: c.From, To: c.From,
			Text: fmt.Sprintf("%s on %s is a system process that serves everybody; no record shows "+
				"who made it act.", label(n), n.Host),
			WouldClose: "Remote thread and process access records (Sysmon 8, 10, 25)",
			Query:      and(term("device.hostname", n.Host), procTerm(n)),
		})
	case c.Verdict < VerdictControlled:
	case len(c.Links) > 0 && c.Verdict != VerdictEntry && s.started(c.Node):
		s.startGap(c, n)
	case !s.started(c.Node) && n.role == rolePlain:
		s.gap(Gap{
			Kind: GapParent, Host: n.Host, About: n.Entity.String(), From: c.From, To: c.From,
			Text: fmt.Sprintf("No record shows what started %s on %s.", label(n), n.Host),
			WouldClose: "Process starts of " + n.Host + " before this time (Sysmon 1, Security 4688 " +
				"or audit execve)",
			Query: and(term("device.hostname", n.Host), "class_uid:1007", "activity_id:1", procTerm(n)),
			After: firstID(n.Launch),
		})
	default:
		s.startGap(c, n)
	}
}

func (s *search) brokerGaps(c *Member) {
	n := &s.g.nodes[c.Node]
	if len(c.Links) > 0 {
		return
	}
	s.gap(Gap{
		Kind: GapBroker, Host: n.Host, About: n.Entity.String(), From: c.From, To: c.From,
		Text: fmt.Sprintf("No record names the process that created %s %s on %s.",
			n.Kind, n.Name, n.Host),
		WouldClose: "Security 4697 or 4698 with the client process of " + n.Host,
		Query:      and(term("device.hostname", n.Host), quoteAny(n.Name)),
	})
}

func (s *search) sessionGaps(c *Member) {
	n := &s.g.nodes[c.Node]
	logon := s.g.logonOf(c.Node)
	if logon == nil && n.Host != "" {
		s.gap(Gap{
			Kind: GapLogon, Host: n.Host, About: n.Entity.String(), From: c.From, To: c.From,
			Text: fmt.Sprintf("The logon that opened session %s of %s on %s is not in the data.",
				n.Key, cmp.Or(n.Name, n.User(), "an unknown account"), n.Host),
			WouldClose: "Logons of " + n.Host + " (Security 4624, sshd)",
			Query:      and(term("device.hostname", n.Host), "class_uid:3002", term("session.uid", n.Key)),
		})
		return
	}
	if n.Host == "" && logon == nil {
		if len(c.Links) == 0 {
			s.gap(s.signInGap(c, n))
		}
		return
	}
	if len(c.Links) > 0 || !logon.Facts.Remote() {
		return
	}
	src := cmp.Or(logon.Facts.SrcIP, logon.Facts.SrcHost)
	from := s.g.ix.sourceHost(logon.Facts)
	to, made := cmp.Or(n.Host, "a host without a name"), cmp.Or(from, src, "another host")
	gap := Gap{
		Kind: GapSource, Host: cmp.Or(from, n.Host), About: n.Entity.String(),
		From: logon.Time, To: logon.Time, After: logon.ID,
		Text: fmt.Sprintf("No record shows which process on %s made the logon of %s to %s.",
			made, cmp.Or(logon.Facts.User, "an unknown account"), to),
		WouldClose: "Connections with process (Sysmon 3, Security 5156) and explicit credentials " +
			"(Security 4648) of " + made,
		Query: cmp.Or(term("src_endpoint.ip", logon.Facts.SrcIP),
			and(term("device.hostname", n.Host), "class_uid:3002", term("session.uid", n.Key))),
	}
	if from != "" {
		gap.Query = and(term("device.hostname", from), "class_uid:4001")
	}
	if from == "" && src != "" && !PrivateAddress(src) {
		gap.Text = fmt.Sprintf("The logon of %s to %s came from %s, outside the hosts that report.",
			cmp.Or(logon.Facts.User, "an unknown account"), to, src)
	}
	s.gap(gap)
}

func (s *search) sensorGaps(host string, from, to time.Time) {
	i, ok := slices.BinarySearchFunc(s.g.sensors, host, func(sn Sensor, h string) int {
		return strings.Compare(sn.Host, h)
	})
	if !ok {
		return
	}
	sn := &s.g.sensors[i]
	for _, ch := range sn.Channels {
		s.holeGaps(host, &ch, from, to)
		s.jumpGaps(host, &ch, from, to)
		for _, q := range ch.Quiet {
			if q.To.After(from) && q.From.Before(to) {
				s.gap(Gap{
					Kind: GapQuiet, Host: host, From: q.From, To: q.To,
					Text: fmt.Sprintf("%s of %s wrote nothing for %s.", ch.Name, host,
						q.To.Sub(q.From).Round(time.Minute)),
					WouldClose: "The host's own copy of " + ch.Name,
					Query:      and(term("device.hostname", host), term("metadata.log_name", ch.Name)),
				})
			}
		}
	}
	if sn.Offsets > 0 && sn.Offset.Abs() > clockSlack {
		s.gap(Gap{
			Kind: GapClock, Host: host, From: from, To: to,
			Text: fmt.Sprintf("The time inside the records of %s differs from their header by %s; "+
				"steps are ordered by the header.", host, sn.Offset.Round(time.Second)),
			WouldClose: "The clock and time zone settings of " + host,
			Query:      term("device.hostname", host),
		})
	}
}

// jumpGaps reports where the clock of a log was set back: what lies between the
// two times may be in either order.
func (s *search) jumpGaps(host string, ch *Channel, from, to time.Time) {
	for _, j := range ch.Jumps {
		if j.From.Before(from) || j.To.After(to) {
			continue
		}
		s.gap(Gap{
			Kind: GapClock, Host: host, From: j.To, To: j.From,
			Text: fmt.Sprintf("The clock of %s was set back by %s at record %d of %s; the order of steps "+
				"between the two times is not established.", host, j.From.Sub(j.To).Round(time.Second),
				j.Seq, ch.Name),
			WouldClose: "Time changes of " + host + " (Security 4616, System 1, chrony or timesyncd)",
			Query:      and(term("device.hostname", host), term("metadata.log_name", ch.Name)),
		})
	}
}

// fewHoles is how many holes of one log are listed one by one.
const fewHoles = 3

func (s *search) holeGaps(host string, ch *Channel, from, to time.Time) {
	holes := slices.DeleteFunc(slices.Clone(ch.Holes), func(h Hole) bool {
		return h.Next.Before(from) || h.After.After(to)
	})
	query := and(term("device.hostname", host), term("metadata.log_name", ch.Name))
	if len(holes) > fewHoles {
		s.gap(Gap{
			Kind: GapHole, Host: host, From: holes[0].After, To: holes[len(holes)-1].Next,
			Text: fmt.Sprintf("Record numbers of %s on %s are missing in %s places: the log was "+
				"filtered before it came here, or records were lost.", ch.Name, host, count(len(ch.Holes))),
			WouldClose: "The host's own copy of " + ch.Name, Query: query,
		})
		return
	}
	for _, h := range holes {
		s.gap(Gap{
			Kind: GapHole, Host: host, From: h.After, To: h.Next,
			Text: fmt.Sprintf("Record numbers %d to %d of %s on %s are missing (%d records).",
				h.From, h.To, ch.Name, host, h.To-h.From+1),
			WouldClose: "The host's own copy of " + ch.Name, Query: query,
		})
	}
}

func count(n int) string {
	if n >= maxHoles {
		return fmt.Sprintf("%d or more", maxHoles)
	}
	return fmt.Sprint(n)
}

func (s *search) clearedGaps(hosts []string, from, to time.Time) {
	for _, i := range s.g.ix.cleared {
		r := &s.g.rels[i]
		if r.Dst < 0 || r.Time.Before(from) || r.Time.After(to) {
			continue
		}
		n := &s.g.nodes[r.Dst]
		if !slices.Contains(hosts, n.Host) {
			continue
		}
		s.gap(Gap{
			Kind: GapCleared, Host: n.Host, From: from, To: r.Time, After: r.ID,
			Text: fmt.Sprintf("The log %s of %s was cleared; what it held and had not been sent "+
				"before is lost.", n.Name, n.Host),
			WouldClose: "Forwarded copies, or volume snapshots of " + n.Host,
			Query:      and(term("device.hostname", n.Host), "class_uid:1008"),
		})
	}
}

// adminPorts are the services through which one host commands another.
var adminPorts = map[string]string{
	"22": "SSH", "135": "DCOM", "139": "SMB", "445": "SMB", "3389": "remote desktop",
	"5985": "WinRM", "5986": "WinRM",
}

// unseenHosts lists hosts that controlled nodes reached but that send no logs.
func (s *search) unseenHosts(sp *Spine) {
	for i := range sp.Members {
		c := &sp.Members[i]
		if c.Verdict < VerdictControlled {
			continue
		}
		for _, k := range s.g.out[c.Node] {
			if r := &s.g.rels[k]; !r.Time.Before(c.From) && r.Facts != nil {
				s.unseenHost(c, r)
			}
		}
	}
}

func (s *search) unseenHost(c *Member, r *Rel) {
	f, to := r.Facts, ""
	switch {
	case r.Verb == VerbConnected && adminPorts[f.DstPort] != "" && PrivateAddress(f.DstIP) &&
		s.g.ix.ipHost[f.DstIP] == "" && !s.g.ix.hosts[f.DstHost]:
		to = cmp.Or(f.DstHost, f.DstIP)
	case r.Verb == VerbUsedCredential && f.DstHost != "" && f.DstHost != "localhost" &&
		!s.g.ix.hosts[f.DstHost]:
		to = f.DstHost
	}
	if to == "" {
		return
	}
	n := &s.g.nodes[c.Node]
	s.gap(Gap{
		Kind: GapSensor, Host: to, From: r.Time, To: r.Time, After: r.ID,
		Text:       fmt.Sprintf("%s on %s reached %s, which sends no logs.", label(n), n.Host, to),
		WouldClose: "Security and process logs of " + to,
		Query:      quoteAny(to),
	})
}

func firstID(ids []event.ID) event.ID {
	if len(ids) == 0 {
		return event.ID{}
	}
	return ids[0]
}

// label names a node for people, e.g. "outlook.exe (pid 4312)".
func label(n *Node) string {
	if n.Kind == KindProcess {
		name := cmp.Or(Base(n.Name), "a process")
		if n.PID != 0 {
			return fmt.Sprintf("%s (pid %d)", name, n.PID)
		}
		return name
	}
	return cmp.Or(n.Name, n.Key)
}

// Label names node i for people.
func (g *Graph) Label(i int) string { return label(&g.nodes[i]) }

func procTerm(n *Node) string {
	if n.PID == 0 {
		return term("process.uid", n.Key)
	}
	return fmt.Sprintf("(process.pid:%d OR actor.process.pid:%d)", n.PID, n.PID)
}

// term writes field:"value" with the characters of the language escaped.
func term(field, value string) string {
	if value == "" {
		return ""
	}
	return field + ":" + quoteAny(value)
}

func quoteAny(v string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v) + `"`
}

func and(terms ...string) string {
	return strings.Join(slices.DeleteFunc(terms, func(t string) bool { return t == "" }), " AND ")
}
