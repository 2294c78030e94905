package normalize

import (
	"cmp"
	"maps"
	"slices"
	"testing"

	"github.com/evident-sec/evident/event"
)

// tally counts what became of the records of one data set.
type tally struct {
	events, mapped, problems, timed, hosted int
	unmapped                                map[string]int
}

func (c *tally) add(tb testing.TB, ev *event.Event) {
	c.events++
	if ev.Problem != "" {
		if c.problems++; c.problems < 4 {
			tb.Errorf("%s %s: %s: %.200s", ev.Source, ev.ID, ev.Problem, ev.Raw)
		}
		return
	}
	if ev.Class != 0 {
		c.mapped++
	} else {
		key := ev.Product + "/" + ev.Attrs.Get(event.AttrLogName) + " " +
			ev.Attrs.Get(event.AttrEventCode)
		c.unmapped[key]++
	}
	if !ev.Time.Equal(ev.Received) {
		c.timed++
	}
	if ev.Attrs.Get(event.AttrHost) != "" {
		c.hosted++
	}
}

func (c *tally) share(n int) float64 { return 100 * float64(n) / float64(max(c.events, 1)) }

func (c *tally) log(tb testing.TB, name string) {
	tb.Logf("%-28s %7d events, class %6.2f %%, time %6.2f %%, host %6.2f %%, undecoded %d", name,
		c.events, c.share(c.mapped), c.share(c.timed), c.share(c.hosted), c.problems)
	keys := slices.SortedFunc(maps.Keys(c.unmapped), func(a, b string) int {
		return cmp.Or(cmp.Compare(c.unmapped[b], c.unmapped[a]), cmp.Compare(a, b))
	})
	for _, k := range keys[:min(len(keys), 12)] {
		tb.Logf("    without class %6d  %s", c.unmapped[k], k)
	}
}

// TestCoverage runs over every public recording: all records must decode, and
// most must be mapped to a class.
func TestCoverage(t *testing.T) {
	sets := []struct {
		name  string
		path  []string
		ends  []string
		floor float64 // least share of events with a class, in percent
		timed float64
	}{
		{
			"Windows atomic",
			[]string{"otrf", "datasets", "atomic"},
			[]string{".zip", ".tar.gz"},
			95, 100,
		},
		{
			"LSASS campaigns",
			[]string{"otrf", "datasets", "compound"},
			[]string{"lsass_memory_dump.zip"},
			99, 100,
		},
		{
			"GoldenSAML",
			[]string{"otrf", "datasets", "compound", "GoldenSAMLADFSMailAccess"},
			[]string{".zip"},
			95, 100,
		},
		{"Log4Shell", []string{"otrf", "datasets", "compound", "Log4Shell"}, []string{".zip"}, 95, 100},
		{"APT29 Zeek JSON", []string{"otrf", "datasets", "compound", "apt29"}, []string{".gz"}, 99, 100},
		{"Zeek", []string{"zeek"}, []string{".zip"}, 99, 100},
		{"Linux auditd", []string{"linux"}, []string{".zip"}, 99, 100},
		{"CloudTrail", []string{"cloud", "aws_dataset", "CloudTrail"}, []string{".json"}, 99, 100},
		{"AWS, OTRF", []string{"cloud", "otrf-aws"}, []string{".zip"}, 99, 100},
		{"Sigma regression", []string{"sigma-regression"}, []string{".json"}, 99, 100},
	}
	n := newNormalizer(t)
	for _, set := range sets {
		t.Run(set.name, func(t *testing.T) {
			root := needData(t, set.path...)
			c := &tally{unmapped: map[string]int{}}
			for i, path := range glob(t, root, set.ends...) {
				if testing.Short() && i%8 > 0 {
					continue
				}
				eachEvent(t, n, path, func(ev *event.Event) { c.add(t, ev) })
			}
			c.log(t, set.name)
			if c.share(c.mapped) < set.floor {
				t.Errorf("%.2f %% of events have a class, want %.0f %%", c.share(c.mapped), set.floor)
			}
			if c.share(c.timed) < set.timed {
				t.Errorf("%.2f %% of events have a time, want %.0f %%", c.share(c.timed), set.timed)
			}
		})
	}
}
