package normalize

import (
	"testing"

	"github.com/evident-sec/evident/event"
)

// BenchmarkEVTX brings the records of the shared event logs to native fields
// with their log source, as detection sees them, and to whole events.
func BenchmarkEVTX(b *testing.B) {
	var entries []*event.Entry
	records := 0
	for _, folder := range []string{"evtx", "sigma-regression"} {
		eachEventLog(b, folder, func(path string, raws [][]byte) {
			e := &event.Entry{Source: path, Format: event.FormatEVTX, Received: received}
			for _, raw := range raws {
				e.Records = append(e.Records, event.Record{Raw: raw})
			}
			records += len(raws)
			entries = append(entries, e)
		})
	}
	n := newNormalizer(b)
	for _, complete := range []bool{false, true} {
		b.Run(map[bool]string{false: "native", true: "complete"}[complete], func(b *testing.B) {
			b.ReportAllocs()
			start := cpuTime()
			for b.Loop() {
				s := n.Scanner()
				for _, e := range entries {
					s.Open(e)
					for ev := s.Next(); ev != nil; ev = s.Next() {
						if complete {
							s.Complete()
						}
					}
				}
			}
			rate(b, records, start)
		})
	}
}
