package correlate

import (
	"fmt"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/sigma"
)

// benchPlan is one correlation over one rule; its condition never holds.
func benchPlan(b *testing.B, c sigma.Correlation) (*Plan, *sigma.Rule) {
	b.Helper()
	rule := &sigma.Rule{Meta: sigma.Meta{ID: "rule"}}
	c.ID, c.Timespan = "c", time.Hour
	if len(c.Rules) == 0 {
		c.Rules = []sigma.Reference{{Rule: rule}}
	}
	if c.Bounds == nil {
		c.Bounds = []sigma.Bound{{Op: "gt", Value: 1e18}}
	}
	p, err := Compile([]*sigma.Correlation{&c})
	if err != nil {
		b.Fatal(err)
	}
	return p, rule
}

// feed makes hits in batches of an entry's size; the time moves on so that a
// window holds the number of events asked for.
type feed struct {
	plan   *Plan
	rule   *sigma.Rule
	n      int
	gap    time.Duration
	groups []string
	values []string
	batch  []Hit
	late   int // one of so many hits comes a minute late; 0: none
}

func (f *feed) next() []Hit {
	fields, _ := f.plan.Fields(f.rule)
	f.batch = f.batch[:0]
	for range 500 {
		h := Hit{
			Rule: f.rule, ID: event.ID{Entry: uint64(f.n/500 + 1), Leaf: uint32(f.n % 500)},
			Time: began.Add(time.Duration(f.n) * f.gap), Values: make([][]string, 0, len(fields)),
		}
		if f.late > 0 && f.n%f.late == 0 {
			h.Time = h.Time.Add(-time.Minute)
		}
		for _, name := range fields {
			list := f.values
			if name == "g" {
				list = f.groups
			}
			i := f.n % len(list)
			h.Values = append(h.Values, list[i:i+1:i+1])
		}
		f.batch = append(f.batch, h)
		f.n++
	}
	return f.batch
}

func texts(prefix string, n int) (out []string) {
	for i := range n {
		out = append(out, prefix+strconv.Itoa(i))
	}
	return out
}

// cpu is the processor time that this process has taken.
func cpu(b *testing.B) time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// measure fills the windows, then counts events for each second of processor
// time, collection of garbage included.
func measure(b *testing.B, f *feed, window, batch int) {
	e := New(f.plan, Config{MaxHits: 1 << 23, MaxGroups: 1 << 20, Workers: 1})
	f.gap = time.Hour / time.Duration(window)
	for f.n < window+1000 {
		e.Observe(f.next())
	}
	var spent time.Duration
	events := 0
	for b.Loop() {
		var hits []Hit
		for range batch {
			hits = append(hits, f.next()...)
		}
		began := cpu(b)
		e.Observe(hits)
		spent += cpu(b) - began
		events += len(hits)
	}
	b.ReportMetric(float64(events)/spent.Seconds(), "events/cpu-s")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkEventCount has 1,000 groups with a thousand events each in a window.
func BenchmarkEventCount(b *testing.B) {
	p, rule := benchPlan(b, sigma.Correlation{Type: sigma.EventCount, GroupBy: []string{"g"}})
	measure(b, &feed{plan: p, rule: rule, groups: texts("user-", 1000)}, 1_000_000, 8)
}

// BenchmarkValueCount has one group; the number of distinct values in a window
// must not matter.
func BenchmarkValueCount(b *testing.B) {
	for _, n := range []int{10, 1_800, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p, rule := benchPlan(b, sigma.Correlation{Type: sigma.ValueCount, Fields: []string{"v"}})
			measure(b, &feed{plan: p, rule: rule, values: texts("address-", n)}, 200_000, 8)
		})
	}
}

// BenchmarkFigures has 100 groups with a thousand events each in a window.
func BenchmarkFigures(b *testing.B) {
	for _, t := range []sigma.CorrelationType{sigma.ValueSum, sigma.ValueAvg, sigma.ValueMedian} {
		b.Run(string(t), func(b *testing.B) {
			p, rule := benchPlan(b, sigma.Correlation{Type: t, GroupBy: []string{"g"}, Fields: []string{"v"}})
			measure(b, &feed{plan: p, rule: rule, groups: texts("g", 100), values: texts("", 997)}, 100_000, 8)
		})
	}
}

// BenchmarkTemporal orders three rules of which one comes.
func BenchmarkTemporal(b *testing.B) {
	var refs []sigma.Reference
	rule := &sigma.Rule{Meta: sigma.Meta{ID: "rule"}}
	for _, r := range []*sigma.Rule{rule, {Meta: sigma.Meta{ID: "b"}}, {Meta: sigma.Meta{ID: "c"}}} {
		refs = append(refs, sigma.Reference{Rule: r})
	}
	p, _ := benchPlan(b, sigma.Correlation{Type: sigma.TemporalOrdered, GroupBy: []string{"g"}, Rules: refs})
	measure(b, &feed{plan: p, rule: rule, groups: texts("g", 1000)}, 100_000, 8)
}

// BenchmarkLate has one of ten events a minute late, when 1,666 others have
// come: far from the condition, and where every window has to be looked at.
func BenchmarkLate(b *testing.B) {
	for _, c := range []struct {
		name  string
		bound sigma.Bound
	}{{"far", sigma.Bound{Op: "gt", Value: 1e18}}, {"near", sigma.Bound{Op: "lt", Value: 0}}} {
		b.Run(c.name, func(b *testing.B) {
			p, rule := benchPlan(b, sigma.Correlation{
				Type: sigma.ValueCount, Fields: []string{"v"}, Bounds: []sigma.Bound{c.bound},
			})
			measure(b, &feed{plan: p, rule: rule, values: texts("address-", 1000), late: 10}, 100_000, 8)
		})
	}
}

// BenchmarkMixed has one correlation of each of five types over the same rule.
func BenchmarkMixed(b *testing.B) {
	rule := &sigma.Rule{Meta: sigma.Meta{ID: "rule"}}
	var cs []*sigma.Correlation
	for i, t := range []sigma.CorrelationType{
		sigma.EventCount, sigma.ValueCount, sigma.ValueSum, sigma.ValueMedian, sigma.Temporal,
	} {
		c := &sigma.Correlation{
			Meta: sigma.Meta{ID: strconv.Itoa(i)}, Type: t, Timespan: time.Hour, GroupBy: []string{"g"},
			Rules: []sigma.Reference{{Rule: rule}}, Bounds: []sigma.Bound{{Op: "gt", Value: 1e18}},
		}
		if t != sigma.EventCount && t != sigma.Temporal {
			c.Fields = []string{"v"}
		}
		cs = append(cs, c)
	}
	p, err := Compile(cs)
	if err != nil {
		b.Fatal(err)
	}
	measure(b, &feed{plan: p, rule: rule, groups: texts("g", 1000), values: texts("", 997)}, 100_000, 8)
}

// BenchmarkWorkers is BenchmarkEventCount by the clock, with one worker and
// with two.
func BenchmarkWorkers(b *testing.B) {
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprint(workers), func(b *testing.B) {
			p, rule := benchPlan(b, sigma.Correlation{Type: sigma.EventCount, GroupBy: []string{"g"}})
			f := &feed{plan: p, rule: rule, groups: texts("user-", 1000), gap: 36 * time.Millisecond}
			e := New(p, Config{Workers: workers})
			for b.Loop() {
				b.StopTimer()
				var hits []Hit
				for range 40 {
					hits = append(hits, f.next()...)
				}
				b.StartTimer()
				e.Observe(hits)
			}
			b.ReportMetric(float64(b.N)*40*500/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkMemory reports bytes for a group with one event, for an event more,
// and for a distinct value more.
func BenchmarkMemory(b *testing.B) {
	used := func() float64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	cost := func(c sigma.Correlation, f feed, events int) float64 {
		f.plan, f.rule = benchPlan(b, c)
		f.gap = time.Millisecond
		e := New(f.plan, Config{MaxHits: 1 << 23, MaxGroups: 1 << 20, Workers: 1})
		f.next()
		f.n = 0
		before := used()
		for f.n < events {
			e.Observe(f.next())
		}
		after := used()
		runtime.KeepAlive(e)
		return (after - before) / float64(events)
	}
	const n = 100_000
	groups, values := texts("user-", n), texts("address-", n)
	for b.Loop() {
		byGroup := sigma.Correlation{Type: sigma.EventCount, GroupBy: []string{"g"}}
		b.ReportMetric(cost(byGroup, feed{groups: groups}, n), "B/group")
		b.ReportMetric(cost(sigma.Correlation{Type: sigma.EventCount}, feed{}, n), "B/event")
		distinct := sigma.Correlation{Type: sigma.ValueCount, Fields: []string{"v"}}
		b.ReportMetric(cost(distinct, feed{values: values}, n), "B/value")
	}
	b.ReportMetric(0, "ns/op")
}
