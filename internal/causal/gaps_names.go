package causal

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/evident-sec/evident/internal/causal/edge"
)

// unsurePath is what the reason of a link says whose path may name another file.
const unsurePath = "(short name or device path: the folder may differ)"

// nameGaps lists the links of the incident that rest on a name which more than one
// thing may have: a short (8.3) name or an unknown drive, and a process id that
// several processes of the host had.
func (s *search) nameGaps(sp *Spine) {
	var lives map[pidKey][]int
	for _, l := range sp.Links {
		if strings.Contains(l.Why, unsurePath) {
			s.pathGap(l)
		}
		if l.Grade != Inferred || l.Verb == VerbWrote {
			continue
		}
		if lives == nil {
			lives = s.g.livesByPID()
		}
		for _, p := range []int{l.Src, l.Dst} {
			s.pidGap(l, p, lives)
		}
	}
}

// livesByPID lists the processes that had each process id.
func (g *Graph) livesByPID() map[pidKey][]int {
	lives := map[pidKey][]int{}
	for i := range g.nodes {
		if n := &g.nodes[i]; n.Kind == KindProcess && n.PID != 0 {
			k := pidKey{n.Host, n.PID}
			lives[k] = append(lives[k], i)
		}
	}
	return lives
}

// pidGap tells that a process which only its process id names may be another one
// that had the id: no record says which of them ran at the time.
func (s *search) pidGap(l *Link, p int, lives map[pidKey][]int) {
	n := &s.g.nodes[p]
	if n.Kind != KindProcess || !strings.HasPrefix(n.Key, "pid-") {
		return
	}
	var others []string
	for _, i := range lives[pidKey{n.Host, n.PID}] {
		o := &s.g.nodes[i]
		ran := !o.First.After(l.Time.Add(time.Duration(slack))) &&
			(o.End.IsZero() || !o.End.Before(l.Time.Add(-time.Duration(slack))))
		if i != p && ran && !slices.Contains(others, label(o)) {
			others = append(others, label(o))
		}
	}
	if len(others) == 0 {
		return
	}
	s.gap(Gap{
		Kind: GapName, Host: n.Host, From: l.Time, To: l.Time, About: n.Entity.String(),
		Text: fmt.Sprintf("Process id %d of %s belonged to %s and to %s; no record tells when the one ended "+
			"and the other began, so which of them this was is not certain.", n.PID, n.Host, label(n),
			strings.Join(others[:min(len(others), 3)], ", ")),
		WouldClose: "Process starts and ends of " + n.Host + " (Sysmon 1 and 5, Security 4688 and 4689, " +
			"audit execve)",
		Query: and(term("device.hostname", n.Host), "class_uid:1007", procTerm(n)),
		After: firstID(l.Events),
	})
}

// pathGap tells that two paths were taken for one although they are not written
// alike.
func (s *search) pathGap(l *Link) {
	for _, id := range l.Events {
		for _, r := range s.g.Of(id) {
			if !isWriting(r) || r.Dst < 0 {
				continue
			}
			f := &s.g.nodes[r.Dst]
			s.gap(Gap{
				Kind: GapName, Host: f.Host, From: l.Time, To: l.Time, About: f.Entity.String(),
				Text: fmt.Sprintf("%s on %s is written with a short name or without its drive; that it is "+
					"the file that ran is taken from the rest of the path.", f.Name, f.Host),
				WouldClose: "File records with the hash (Sysmon 15, 29), or the file table of the volume ($MFT) of " +
					f.Host,
				Query: and(term("device.hostname", f.Host), "class_uid:1001", term("file.name", Base(f.Name))),
				After: r.ID,
			})
			return
		}
	}
}

// blockParts are the records there are of a script block that came in parts.
type blockParts struct {
	first *Rel
	of    int64
	have  map[int64]bool
}

// scriptGaps lists the script blocks of a member of which a part is missing: what
// it did there is not known.
func (s *search) scriptGaps(m *Member) {
	blocks, order := map[int]*blockParts{}, []int{}
	for _, i := range s.g.out[m.Node] {
		r := &s.g.rels[i]
		if r.Verb != VerbRanScript || r.Dst < 0 || r.Facts == nil {
			continue
		}
		n, of, ok := edge.Part(r.Facts.Access)
		if !ok {
			continue
		}
		b := blocks[r.Dst]
		if b == nil {
			b = &blockParts{first: r, of: of, have: map[int64]bool{}}
			blocks[r.Dst] = b
			order = append(order, r.Dst)
		}
		b.have[n], b.of = true, max(b.of, of)
	}
	for _, block := range order {
		if b := blocks[block]; int64(len(b.have)) < b.of && len(s.gaps) < maxScriptGaps {
			s.partGap(m, block, b)
		}
	}
}

// maxScriptGaps bounds the gaps after which incomplete scripts are no longer listed.
const maxScriptGaps = 200

func (s *search) partGap(m *Member, block int, b *blockParts) {
	n, script := &s.g.nodes[m.Node], &s.g.nodes[block]
	missing, first := b.of-int64(len(b.have)), int64(1)
	for b.have[first] {
		first++
	}
	what := fmt.Sprintf("Part %d of %d", first, b.of)
	if missing > 1 {
		what = fmt.Sprintf("%d of %d parts, the first of them part %d,", missing, b.of, first)
	}
	s.gap(Gap{
		Kind: GapScript, Host: n.Host, From: b.first.Time, To: b.first.Time.Add(time.Second),
		About: n.Entity.String(), After: b.first.ID,
		Text: fmt.Sprintf("%s of the script block %s that %s ran on %s is missing.", what, script.Key,
			label(n), n.Host),
		WouldClose: "PowerShell 4104 of " + n.Host + ", or its copy of the script (" +
			"transcripts, the file itself)",
		Query: and(term("device.hostname", n.Host), "class_uid:1009", term("resource.name", script.Key)),
	})
}

// ControlQuery asks for what carries control on a host, on all where it is "".
func ControlQuery(host string) string {
	classes := make([]string, 0, 8)
	for _, c := range Skeleton() {
		classes = append(classes, strconv.FormatUint(uint64(c), 10))
	}
	return and(term("device.hostname", host), "class_uid:("+strings.Join(classes, " OR ")+")")
}

// loops takes the proof from starts that lead back to where they began: of programs
// that started each other, at least one record is wrong, and none tells which.
func (s *search) loops() {
	for _, k := range s.looped() {
		l, n := s.links[k], &s.g.nodes[k.dst]
		l.Grade = min(l.Grade, Inferred)
		l.Why += "; but the starts lead back to it"
		s.gap(Gap{
			Kind: GapName, Host: n.Host, From: l.Time, To: l.Time, About: n.Entity.String(),
			Text: fmt.Sprintf("By its records %s on %s was started by a program that it had itself "+
				"started: an identifier was used twice, or a record is forged.", label(n), n.Host),
			WouldClose: "Process starts of " + n.Host + " from a second log (Sysmon 1, Security 4688, audit execve)",
			Query:      and(term("device.hostname", n.Host), "class_uid:1007", procTerm(n)),
			After:      firstID(l.Events),
		})
	}
}

// looped returns the starts that lie on a way from a program back to itself. Starts
// by programs that nothing started, and of programs that started nothing, are taken
// away again and again before ways are followed.
func (s *search) looped() []linkKey {
	left, degree, queue := map[linkKey]bool{}, [2]map[int]int{{}, {}}, []int{}
	at := [2]map[int][]linkKey{{}, {}} // starts by their source, by their target
	for k := range s.links {
		if k.verb == VerbSpawned {
			left[k] = true
			for side, n := range [2]int{k.src, k.dst} {
				degree[side][n]++
				at[side][n] = append(at[side][n], k)
			}
		}
	}
	for k := range left {
		queue = append(queue, k.src, k.dst)
	}
	for len(queue) > 0 {
		n := queue[0]
		queue = queue[1:]
		for side := range at { // nothing enters: its own starts go; nothing leaves: its start goes
			if degree[1-side][n] > 0 {
				continue
			}
			for _, k := range at[side][n] {
				if left[k] {
					delete(left, k)
					degree[0][k.src]--
					degree[1][k.dst]--
					queue = append(queue, k.src, k.dst)
				}
			}
		}
	}
	list := slices.SortedFunc(maps.Keys(left), func(a, b linkKey) int {
		return cmp.Or(cmp.Compare(a.src, b.src), cmp.Compare(a.dst, b.dst))
	})
	return slices.DeleteFunc(list, func(k linkKey) bool { return !leadsBack(k, at[0], left) })
}

// maxLoop bounds the way that is followed back: a longer one counts as a loop.
const maxLoop = 1000

// leadsBack reports whether the starts that are left lead from the target of one to
// its source.
func leadsBack(k linkKey, from map[int][]linkKey, left map[linkKey]bool) bool {
	seen, stack := map[int]bool{k.dst: true}, []int{k.dst}
	for len(stack) > 0 && len(seen) < maxLoop {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if n == k.src {
			return true
		}
		for _, next := range from[n] {
			if left[next] && !seen[next.dst] {
				seen[next.dst] = true
				stack = append(stack, next.dst)
			}
		}
	}
	return len(seen) >= maxLoop
}
