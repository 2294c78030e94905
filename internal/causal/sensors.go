package causal

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/evident-sec/evident/internal/causal/edge"
)

// Channel is one log of one host in the events given.
type Channel struct {
	Name        string
	Events      int
	First, Last time.Time
	Holes       []Hole // runs of record numbers that are not there
	Quiet       []Span // unusually long silences
	Jumps       []Jump // where the clock was set back
}

// Jump is a record whose time lies before that of the record numbered before it.
type Jump struct {
	Seq      int64
	From, To time.Time
}

// Hole is a run of missing record numbers, both ends missing.
type Hole struct {
	From, To    int64
	After, Next time.Time // times of the records around it
}

// Span is a stretch of time.
type Span struct{ From, To time.Time }

// Sensor is a host and the logs that report from it.
type Sensor struct {
	Host     string
	IPs      []string
	Channels []Channel
	Offset   time.Duration // median of payload time minus header time
	Spread   time.Duration // half the range of those differences
	Offsets  int           // records the estimate rests on
}

type mark struct {
	seq int64
	at  time.Time
}

type sensors struct {
	marks   map[[2]string][]mark
	ips     map[string]map[string]int // host to address to records that say so
	offsets map[string][]time.Duration
}

func newSensors() sensors {
	return sensors{
		marks: map[[2]string][]mark{}, ips: map[string]map[string]int{},
		offsets: map[string][]time.Duration{},
	}
}

func (s *sensors) add(r *edge.Record) {
	h := r.HostName()
	if h == "" {
		return
	}
	k := [2]string{h, r.Log}
	s.marks[k] = append(s.marks[k], mark{r.Seq, r.Time})
	for _, ip := range [2]string{edge.Address(r.DeviceIP), r.OwnIP} {
		if ip != "" {
			s.addIP(h, ip)
		}
	}
	if r.Timed {
		s.offsets[h] = append(s.offsets[h], r.Clock)
	}
}

func (s *sensors) addIP(h, ip string) {
	if s.ips[h] == nil {
		s.ips[h] = map[string]int{}
	}
	s.ips[h][ip]++
}

// owners gives each address to the host that most records give it to, where
// they are four of five; others belong to nobody.
func (s *sensors) owners() map[string][]string {
	total, best, owner := map[string]int{}, map[string]int{}, map[string]string{}
	for _, h := range slices.Sorted(maps.Keys(s.ips)) {
		for ip, n := range s.ips[h] {
			total[ip] += n
			if n > best[ip] {
				best[ip], owner[ip] = n, h
			}
		}
	}
	byHost := map[string][]string{}
	for _, ip := range slices.Sorted(maps.Keys(owner)) {
		if best[ip]*5 >= total[ip]*4 {
			byHost[owner[ip]] = append(byHost[owner[ip]], ip)
		}
	}
	return byHost
}

// hosts returns what was learnt, ordered by host and channel.
func (s *sensors) hosts() []Sensor {
	byHost := map[string]*Sensor{}
	for k, marks := range s.marks {
		sn := byHost[k[0]]
		if sn == nil {
			sn = &Sensor{Host: k[0]}
			byHost[k[0]] = sn
		}
		sn.Channels = append(sn.Channels, channel(k[1], marks))
	}
	owners := s.owners()
	var list []Sensor
	for h, sn := range byHost {
		sn.IPs = owners[h]
		slices.SortFunc(sn.Channels, func(a, b Channel) int { return strings.Compare(a.Name, b.Name) })
		sn.Offset, sn.Spread, sn.Offsets = clock(s.offsets[h])
		list = append(list, *sn)
	}
	slices.SortFunc(list, func(a, b Sensor) int { return strings.Compare(a.Host, b.Host) })
	return list
}

// clock returns the median difference and half the range of its middle nine
// tenths.
func clock(d []time.Duration) (offset, spread time.Duration, n int) {
	if len(d) == 0 {
		return 0, 0, 0
	}
	d = slices.Clone(d)
	slices.Sort(d)
	lo, hi := d[len(d)/20], d[len(d)-1-len(d)/20]
	return d[len(d)/2], (hi - lo) / 2, len(d)
}

const (
	maxHoles   = 20
	quietFloor = 30 * time.Minute
	steady     = 200 // records below which a log says nothing by its silence
	quietTimes = 4   // a silence is unusual at this many times the third longest
)

func channel(name string, marks []mark) Channel {
	marks = slices.Clone(marks)
	c := Channel{Name: name, Events: len(marks)}
	slices.SortFunc(marks, func(a, b mark) int { return a.at.Compare(b.at) })
	c.First, c.Last = marks[0].at, marks[len(marks)-1].at
	c.Quiet = silences(marks)
	numbered := inNumberOrder(marks)
	c.Holes, c.Jumps = holes(numbered), jumps(numbered)
	return c
}

// setBack is how far times of following records must fall to mean that the clock
// was set: records of several threads are written a little out of order.
const setBack = time.Minute

// maxJumps bounds what is kept of a log whose numbers mean nothing.
const maxJumps = 8

func jumps(numbered []mark) []Jump {
	var found []Jump
	for i := 1; i < len(numbered) && len(found) < maxJumps; i++ {
		a, b := numbered[i-1], numbered[i]
		if b.seq == a.seq+1 && a.at.Sub(b.at) > setBack {
			found = append(found, Jump{b.seq, a.at, b.at})
		}
	}
	return found
}

// silences returns the stretches without a record that stand out: nights and
// lunches come in numbers, a stopped sensor once.
func silences(marks []mark) []Span {
	if len(marks) < steady {
		return nil
	}
	spans := make([]Span, 0, len(marks)-1)
	for i := 1; i < len(marks); i++ {
		spans = append(spans, Span{marks[i-1].at, marks[i].at})
	}
	slices.SortStableFunc(spans, func(a, b Span) int {
		return cmp.Compare(b.To.Sub(b.From), a.To.Sub(a.From))
	})
	limit := max(quietFloor, quietTimes*spans[2].To.Sub(spans[2].From))
	n := 0
	for n < 2 && spans[n].To.Sub(spans[n].From) > limit {
		n++
	}
	return slices.Clone(spans[:n]) // the rest is as long as the log
}

// inNumberOrder returns the marks that have a number, by it.
func inNumberOrder(marks []mark) []mark {
	numbered := slices.DeleteFunc(marks, func(m mark) bool { return m.seq <= 0 })
	slices.SortFunc(numbered, func(a, b mark) int {
		return cmp.Or(cmp.Compare(a.seq, b.seq), a.at.Compare(b.at))
	})
	return numbered
}

func holes(numbered []mark) []Hole {
	var found []Hole
	for i := 1; i < len(numbered) && len(found) < maxHoles; i++ {
		a, b := numbered[i-1], numbered[i]
		if b.seq-a.seq > 1 {
			found = append(found, Hole{a.seq + 1, b.seq - 1, a.at, b.at})
		}
	}
	return found
}

// Sensors returns the hosts and logs the graph was built from, by host.
func (g *Graph) Sensors() []Sensor { return g.sensors }
