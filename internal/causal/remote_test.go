package causal

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// visit is one network logon of a drawn world, who made it, and which records of
// it there are. Ports are its own; accounts and addresses are shared by many.
type visit struct {
	from, to, by, user string
	at                 int // second of the day, by a right clock
	port               int
	guid               bool // the logon has an identifier
	address            bool // the logon names address and port
	credentials        bool // 4648 with the identifier, by the process
	connection         bool // the process's connection is recorded
	ticket             bool // 4769 with the identifier
	asked              bool // the process's connection for the ticket is recorded
	wire, auth         bool // the network saw the connection, the authentication
}

// world is what a property is tested on: visits, and by how many seconds the clock
// of each host is off.
type world struct {
	visits []visit
	off    map[string]int
}

func drawWorld(t *rapid.T) world {
	w := world{off: map[string]int{}}
	hosts := []string{"hosta", "hostb", "hostc"}
	for _, h := range append(hosts, "dc") {
		w.off[h] = rapid.SampledFrom([]int{0, 0, 2, 90, -600}).Draw(t, "clock of "+h)
	}
	yes := func(name string) bool { return rapid.Bool().Draw(t, name) }
	for i := range rapid.IntRange(1, 8).Draw(t, "visits") {
		v := visit{
			from: rapid.SampledFrom(hosts).Draw(t, "from"), user: rapid.SampledFrom([]string{"u", "v"}).Draw(t, "user"),
			by: rapid.SampledFrom([]string{"p", "q"}).Draw(t, "by"), at: 36000 + rapid.IntRange(0, 900).Draw(t, "at"),
			port: 50000 + 2*i, guid: yes("guid"), address: yes("address"), credentials: yes("credentials"),
			connection: yes("connection"), ticket: yes("ticket"), asked: yes("asked"),
			wire: yes("wire"), auth: yes("auth"),
		}
		others := slices.DeleteFunc(slices.Clone(hosts), func(h string) bool { return h == v.from })
		v.to = rapid.SampledFrom(others).Draw(t, "to")
		w.visits = append(w.visits, v)
	}
	return w
}

func ipOf(host string) string {
	return map[string]string{"hosta": "10.0.0.1", "hostb": "10.0.0.2", "hostc": "10.0.0.3", "dc": "10.0.0.9"}[host]
}

// text writes the records of a world.
func (w *world) text() string {
	var b strings.Builder
	n := 0
	line := func(host string, at int, format string, args ...any) {
		at += w.off[host]
		fmt.Fprintf(&b, "1-%d %02d:%02d:%02d %s\n", n, at/3600, at/60%60, at%60, fmt.Sprintf(format, args...))
		n++
	}
	for _, h := range []string{"hosta", "hostb", "hostc", "dc"} {
		line(h, 35000, "logon host=%s session=0x1 user=local type=2 ip=%s", h, ipOf(h))
		for _, p := range []string{"p", "q"} {
			line(h, 35000, `process.launch host=%s parent=x%s uid=%s image=C:\t\%s.exe runas=u`, h, h+p, h+p, p)
		}
	}
	for i, v := range w.visits {
		proc, guid := v.from+v.by, ""
		if v.guid {
			guid = fmt.Sprintf(" guid=0000000%d-aaaa-0000-0000-000000000001", i)
		}
		image := `pimage=C:\t\` + v.by + ".exe"
		tuple := fmt.Sprintf("src=%s sport=%d dst=%s dport=445", ipOf(v.from), v.port, ipOf(v.to))
		if v.connection {
			line(v.from, v.at, "network.open host=%s parent=%s %s %s", v.from, proc, image, tuple)
		}
		if v.credentials && v.guid {
			line(v.from, v.at, "credentials host=%s parent=%s %s user=%s dhost=nobody%s", v.from, proc, image, v.user, guid)
		}
		if v.ticket && v.guid {
			line("dc", v.at, "ticket host=dc user=%s src=%s sport=%d dhost=%s%s", v.user, ipOf(v.from), v.port+1, v.to, guid)
		}
		if v.asked {
			line(v.from, v.at, "network.open host=%s parent=%s %s src=%s sport=%d dst=10.0.0.9 dport=88", v.from,
				proc, image, ipOf(v.from), v.port+1)
		}
		if v.wire {
			line("", v.at, "network.open cuid=C%d %s", i, tuple)
		}
		if v.auth {
			line("", v.at, "logon cuid=C%d %s user=%s dhost=%s app=x", i, tuple, v.user, v.to)
		}
		from := ""
		if v.address {
			from = fmt.Sprintf(" src=%s sport=%d", ipOf(v.from), v.port)
		}
		line(v.to, v.at, "logon host=%s session=0x1%d0 user=%s type=3%s%s", v.to, i, v.user, from, guid)
	}
	return b.String()
}

// proofs is the naive oracle: which methods that compare keys must name the maker
// of visit v, from the specification alone, record against record.
func (w *world) proofs(v *visit) map[Method]bool {
	found := map[Method]bool{}
	apart := func(a, b string) int { return max(w.off[a]-w.off[b], w.off[b]-w.off[a]) }
	if v.guid && v.credentials {
		found[MethodIdentifier] = true
	}
	if v.connection && v.address && apart(v.from, v.to) <= 5 {
		found[MethodConnection] = true
	}
	if v.guid && v.ticket && v.asked && apart(v.from, "dc") <= 5 {
		found[MethodTicket] = true
	}
	if len(found) > 0 || !v.connection || !v.wire {
		return found // the network's log is asked last
	}
	if v.address {
		found[MethodWire] = true
	}
	return found
}

// TestRemoteMethods: in worlds of shared accounts, shared addresses and clocks that
// are off, every link that is more than inferred leads to who made the logon, and
// the methods that compare keys find what a comparison of every record with every
// other finds.
func TestRemoteMethods(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		g := build(parseEvents(inside(t), w.text()))
		for _, tie := range g.Ties(MethodIdentifier) {
			k := slices.IndexFunc(w.visits, func(v visit) bool {
				return fmt.Sprintf("0x1%d0", slices.Index(w.visits, v)) == g.Node(tie.Logon.Dst).Key
			})
			v := &w.visits[k]
			got := map[Method]bool{}
			for _, l := range tie.Links {
				src := g.Node(l.Src)
				if l.Grade > Inferred && src.Key != v.from+v.by {
					t.Fatalf("visit %d by %s: %s by %s names %s\n%s", k, v.from+v.by, l.Grade, l.Method, src, w.text())
				}
				got[l.Method] = true
			}
			for m := range w.proofs(v) {
				if !got[m] {
					t.Fatalf("visit %d: %s does not speak: %v\n%s", k, m, got, w.text())
				}
			}
			for m := range got {
				if m <= MethodConnection && !w.proofs(v)[m] {
					t.Fatalf("visit %d: %s speaks, but no two records agree\n%s", k, m, w.text())
				}
			}
		}
	})
}

// TestNothingByAccountOrAddress: logons that share account and address with any
// number of processes, tickets and authentications elsewhere are tied to nobody.
func TestNothingByAccountOrAddress(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		for i := range w.visits {
			v := &w.visits[i]
			v.connection, v.credentials, v.asked, v.auth = false, false, false, rapid.Bool().Draw(t, "seen")
		}
		g := build(parseEvents(inside(t), w.text()))
		for _, tie := range g.Ties(MethodIdentifier) {
			if len(tie.Links) > 0 {
				t.Fatalf("tied: %s\n%s", tie.Links[0].Why, w.text())
			}
		}
	})
}

// inside lets parseEvents fail inside a property.
func inside(t *rapid.T) testing.TB { return failing{T: t} }

type failing struct {
	testing.TB
	T *rapid.T
}

func (f failing) Helper()                      {}
func (f failing) Fatalf(s string, args ...any) { f.T.Fatalf(s, args...) }

// TestKnownClocks: a clock that three connections show to be 90 s ahead ties a
// logon 90 s away, and no longer one of the same second.
func TestKnownClocks(t *testing.T) {
	text := `
1-0 10:00:00 logon host=hosta session=0x1 user=x type=2 ip=10.0.0.1
1-1 10:00:00 logon host=hostb session=0x1 user=x type=2 ip=10.0.0.2
`
	for i := range 3 {
		tuple := fmt.Sprintf("src=10.0.0.1 sport=4000%d dst=10.0.0.2 dport=80", i)
		text += fmt.Sprintf("2-%d 10:01:0%d network.open host=hosta parent=z %s\n", i, i, tuple)
		text += fmt.Sprintf("3-%d 10:02:3%d network.open host=hostb parent=y %s "+
			"connection_info.direction=inbound\n", i, i, tuple)
	}
	text += `
4-0 10:05:00 network.open host=hosta parent=p pimage=C:\t\p.exe src=10.0.0.1 sport=50000 dst=10.0.0.2 dport=445
4-1 10:06:31 logon host=hostb session=0x70 user=u type=3 src=10.0.0.1 sport=50000
4-2 10:07:00 network.open host=hosta parent=p pimage=C:\t\p.exe src=10.0.0.1 sport=50002 dst=10.0.0.2 dport=445
4-3 10:17:00 logon host=hostb session=0x71 user=u type=3 src=10.0.0.1 sport=50002
4-4 10:17:00 network.open cuid=C1 src=10.0.0.1 sport=50002 dst=10.0.0.2 dport=445`
	g := build(parseEvents(t, text))
	if s := g.Skew("hosta", "hostb"); s.Ahead != 90*time.Second {
		t.Fatalf("clock: %+v", s)
	}
	ties := g.Ties(MethodIdentifier)
	if len(ties) != 2 || len(ties[0].Links) != 1 || ties[0].Links[0].Method != MethodConnection {
		t.Errorf("a logon at the known difference: %+v", ties)
	}
	if len(ties) == 2 && len(ties[1].Links) > 0 {
		t.Errorf("the known clocks contradict it: %s", ties[1].Links[0].Why)
	}
}

// TestWhoseAuthentication: an authentication that the network saw proves nothing about
// one of two logons of the account, and nothing more than the time about the only one
// where a logon names the connection's address.
func TestWhoseAuthentication(t *testing.T) {
	story := `
1-0 09:00:00 logon host=hosta session=0x1 user=x type=2 ip=10.0.0.1
1-1 09:00:00 logon host=hostb session=0x1 user=x type=2 ip=10.0.0.2
1-2 10:00:00 network.open host=hosta parent=p pimage=C:\t\p.exe src=10.0.0.1 sport=50002 dst=10.0.0.2 dport=445
1-3 10:00:00 network.open cuid=C1 src=10.0.0.1 sport=50002 dst=10.0.0.2 dport=445
1-4 10:00:00 logon cuid=C1 src=10.0.0.1 sport=50002 dst=10.0.0.2 dport=445 user=v dhost=hostb app=x
1-5 10:00:01 logon host=hostb session=0x70 user=v type=3 guid=00000003-aaaa-0000-0000-000000000001`
	for name, c := range map[string]struct {
		more string
		want Grade
	}{
		"the only logon":         {want: Corroborated},
		"another account's":      {"\n1-6 10:00:01 logon host=hostb session=0x71 user=w type=3", Corroborated},
		"another, a minute away": {"\n1-6 10:01:30 logon host=hostb session=0x71 user=v type=3", Inferred},
		"one names the address": {
			"\n1-6 10:01:30 logon host=hostb session=0x71 user=w type=3 src=10.0.0.1 sport=50002", Inferred,
		},
	} {
		found := false
		for _, tie := range build(parseEvents(t, story+c.more)).Ties(MethodIdentifier) {
			for _, l := range tie.Links {
				if tie.Logon.ID.Leaf == 5 && l.Method == MethodWire {
					found = true
					if l.Grade != c.want {
						t.Errorf("%s: %s, want %s", name, l.Grade, c.want)
					}
				}
			}
		}
		if !found {
			t.Errorf("%s: not tied", name)
		}
	}
}
