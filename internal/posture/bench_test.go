package posture

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/evident-sec/evident/exposure"
)

// large is a register of n systems with ten accesses each, 200 footholds, 50
// holdings and 20 planned controls.
func large(n int) string {
	var b strings.Builder
	b.WriteString("version: 1\nzones:\n")
	for z := range 20 {
		fmt.Fprintf(&b, "  - {id: z%d, level: %d}\n", z, z/4)
	}
	b.WriteString("vendors:\n")
	for v := range 200 {
		fmt.Fprintf(&b, "  - {id: v%d, foothold: unlikely}\n", v)
	}
	b.WriteString("systems:\n")
	for s := range n {
		fmt.Fprintf(&b, "  - {id: s%d, zone: z%d, operator: v%d}\n", s, s%20, (s*7919)%200)
	}
	b.WriteString("holdings:\n")
	for h := range 50 {
		fmt.Fprintf(&b, "  - {id: h%d, system: s%d, categories: [identity], records: %d}\n", h, (h*97)%n, 1000*h)
	}
	b.WriteString("access:\n")
	for s := range n {
		var on []string
		for k := 1; k <= 10; k++ {
			on = append(on, fmt.Sprintf("s%d", (s*k*31+k*1009)%n))
		}
		fmt.Fprintf(&b, "  - {id: a%d, who: s%d, on: [%s], verbs: [administer], auth: password}\n", s, s, strings.Join(on, ", "))
	}
	b.WriteString("controls:\n")
	for c := range 20 {
		fmt.Fprintf(&b, "  - {id: c%d, on: [a%d], effect: strong, cost: %d, state: planned}\n", c, c*37%n, 1+c)
	}
	return b.String()
}

// BenchmarkOpen reads, derives and answers what the page asks first, on 10,000
// systems and 100,000 accesses.
func BenchmarkOpen(b *testing.B) {
	files := fstest.MapFS{"a.yaml": {Data: []byte(large(10_000))}}
	for b.Loop() {
		k, err := Open(Config{Register: files})
		if err != nil {
			b.Fatal(err)
		}
		k.Overview(Detail)
		k.Map(exposure.MostLikely, Detail)
		k.Paths(exposure.MostLikely, 0, 2000, Detail)
	}
}

// BenchmarkChokes is the first answer about controls on the same register.
func BenchmarkChokes(b *testing.B) {
	files := fstest.MapFS{"a.yaml": {Data: []byte(large(10_000))}}
	for b.Loop() {
		b.StopTimer()
		k, err := Open(Config{Register: files})
		if err != nil {
			b.Fatal(err)
		}
		k.Overview(Detail)
		b.StartTimer()
		k.Chokes(10, Detail)
	}
}
