package causal

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
)

// fleet writes the events of a fleet's days: on each of its hosts programs start
// and end, load libraries, write files, connect, and people log on from host to
// host. Event i of n is a function of i, so that nothing need be kept.
type fleet struct{ n, hosts int }

func (f fleet) event(i int, ev *event.Event) {
	h := i % f.hosts
	p := i / f.hosts / 8 // eight events for each process
	uid := func(p int) string { return "h" + strconv.Itoa(h) + "-p" + strconv.Itoa(p) }
	*ev = event.Event{ID: event.ID{Entry: uint64(i/500) + 1, Leaf: uint32(i % 500)}}
	ev.Time = day.Add(time.Duration(i) * 86_400 * time.Millisecond / 1000)
	a := &ev.Attrs
	a.Set(event.AttrHost, "host"+strconv.Itoa(h))
	a.Set(event.AttrLogName, "Sysmon")
	a.Set(event.AttrSequence, strconv.Itoa(i/f.hosts+1))
	act := func(class uint32, activity uint8) {
		ev.Class, ev.Activity = class, activity
		a.Set(event.AttrActorProcessUID, uid(p))
		a.Set(event.AttrActorPID, strconv.Itoa(1000+p%30000))
		a.Set(event.AttrActorPath, `C:\Program Files\App`+strconv.Itoa(p%97)+`\app.exe`)
	}
	switch i / f.hosts % 8 {
	case 0:
		act(event.ClassProcess, event.ProcessLaunch)
		a.Set(event.AttrActorProcessUID, uid(p-1-p%5))
		a.Set(event.AttrProcessUID, uid(p))
		a.Set(event.AttrProcessPID, strconv.Itoa(1000+p%30000))
		a.Set(event.AttrProcessPath, `C:\Program Files\App`+strconv.Itoa(p%97)+`\app.exe`)
		a.Set(event.AttrProcessCmdLine, `app.exe /task `+strconv.Itoa(p))
		a.Set(event.AttrProcessSession, "0x"+strconv.FormatInt(int64(p/50+1), 16))
	case 1, 2:
		act(event.ClassModule, 1)
		a.Set(event.AttrFilePath, `C:\Windows\System32\lib`+strconv.Itoa(i%211)+`.dll`)
	case 3:
		act(event.ClassFile, 1)
		a.Set(event.AttrFilePath, `C:\Users\u\f`+strconv.Itoa(p%5000)+`.dat`)
	case 4:
		act(event.ClassNetwork, 1)
		a.Set(event.AttrSrcIP, f.ip(h))
		a.Set(event.AttrSrcPort, strconv.Itoa(49152+p%16000))
		a.Set(event.AttrDstIP, f.ip((h+1+p%7)%f.hosts))
		a.Set(event.AttrDstPort, "445")
		a.Set(event.AttrDirection, "outbound")
	case 5:
		ev.Class, ev.Activity = event.ClassAuth, 1
		a.Set(event.AttrUser, "user"+strconv.Itoa(p%400))
		a.Set(event.AttrSession, "0x"+strconv.FormatInt(int64(p+1000), 16))
		a.Set(event.AttrLogonType, "3")
		a.Set(event.AttrSrcIP, f.ip((h+1)%f.hosts))
		a.Set(event.AttrSrcPort, strconv.Itoa(49152+p%16000))
	case 6: // a handle nobody cares for: most of a real log
		act(event.ClassProcess, event.ProcessOpen)
		a.Set(event.AttrAccess, "0x1400")
	case 7:
		act(event.ClassProcess, event.ProcessTerminate)
		a.Set(event.AttrProcessUID, uid(p))
	}
}

func (f fleet) ip(h int) string { return "10.1." + strconv.Itoa(h/250) + "." + strconv.Itoa(h%250+1) }

// events returns how many events the benchmarks build from: EVIDENT_BENCH_EVENTS,
// 200,000 without it.
func benchEvents(b *testing.B) fleet {
	b.Helper()
	n := 200_000
	if s := os.Getenv("EVIDENT_BENCH_EVENTS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			b.Fatal(err)
		}
	}
	return fleet{n: n, hosts: 200}
}

// BenchmarkIngest measures what an ingest does for the graph: reading the edges
// of parsed events and filing them.
func BenchmarkIngest(b *testing.B) {
	f := benchEvents(b)
	events := make([]event.Event, min(f.n, 200_000))
	for i := range events {
		f.event(i, &events[i])
	}
	edges, before := 0, cpuSeconds()
	for b.Loop() {
		bld := NewBuilder()
		for i := range events {
			bld.Add(&events[i], false)
		}
		edges += bld.Len()
	}
	b.ReportMetric(float64(edges)/(cpuSeconds()-before), "edges/cpu-s")
}

// BenchmarkWarm builds one graph and asks it again and again from other seeds.
func BenchmarkWarm(b *testing.B) {
	f := benchEvents(b)
	before, start := heapBytes(), cpuSeconds()
	bld := NewBuilder()
	var ev event.Event
	for i := range f.n {
		f.event(i, &ev)
		bld.Add(&ev, false)
	}
	added := cpuSeconds()
	g := bld.Build()
	built := cpuSeconds()
	bld = nil
	edges := float64(g.Rels())
	held := float64(heapBytes()-before) / edges
	g.leaving() // what the first question pays for all
	b.ResetTimer()
	var took []time.Duration
	seed := 0
	for b.Loop() {
		f.event((seed*7919+f.n/2)%f.n, &ev)
		seed++
		at := time.Now()
		g.Spine(ev.ID, Limits{})
		took = append(took, time.Since(at))
	}
	slices.Sort(took)
	b.ReportMetric(held, "B/edge")
	b.ReportMetric(edges/(added-start), "edges/cpu-s-add")
	b.ReportMetric(edges/(built-added), "edges/cpu-s-build")
	b.ReportMetric(edges, "edges")
	b.ReportMetric(took[len(took)*95/100].Seconds()*1000, "p95-ms")
	b.ReportMetric(took[len(took)-1].Seconds()*1000, "max-ms")
}

func heapBytes() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func BenchmarkBuildAndSpine(b *testing.B) {
	var events []event.Event
	for i := range 50_000 {
		ev, err := parseEvent(fmt.Sprintf(`%d-0 09:%02d:%02d process.launch host=h%d parent=p%d uid=p%d `+
			`pid=%d image=C:\t\x.exe cmd=x`, i+1, i/3600%60, i/60%60, i%20, i/7, i+1, i%3000))
		if err != nil {
			b.Fatal(err)
		}
		events = append(events, ev)
	}
	b.ReportAllocs()
	edges := 0
	before := cpuSeconds()
	for b.Loop() {
		bld := NewBuilder()
		for i := range events {
			bld.Add(&events[i], false)
		}
		g := bld.Build()
		g.Spine(events[len(events)-1].ID, Limits{})
		edges += g.Rels()
	}
	b.ReportMetric(float64(edges)/b.Elapsed().Seconds(), "edges/s")
	b.ReportMetric(float64(edges)/(cpuSeconds()-before), "edges/cpu-s")
}

// cpuSeconds returns the processor time of this process: on a shared machine
// it says more than the clock.
func cpuSeconds() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}
