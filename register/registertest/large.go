// Package registertest writes registers of any size for benchmarks: drawn at
// random, every system administered from everywhere.
package registertest

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Large writes a register with that many systems and accesses, each access on
// perAccess systems, 200 roles to start from and 50 holdings. 5,000, 4,700 and 20
// make about 10,000 entities and 100,000 edges.
func Large(r *rand.Rand, systems, accesses, perAccess int) string {
	var b strings.Builder
	b.WriteString("zones:\n")
	for i := range 50 {
		fmt.Fprintf(&b, "  - {id: z%d, level: %d, allowed_from: [z%d]}\n", i, i%5, (i+1)%50)
	}
	b.WriteString("systems:\n")
	for i := range systems {
		fmt.Fprintf(&b, "  - {id: s%d, zone: z%d, criticality: %d}\n", i, r.IntN(50), 1+i%4)
	}
	b.WriteString("roles:\n")
	for i := range 200 {
		fmt.Fprintf(&b, "  - {id: r%d, headcount: 3, foothold: unlikely}\n", i)
	}
	b.WriteString("holdings:\n")
	for i := range 50 {
		fmt.Fprintf(&b, "  - {id: h%d, system: s%d, categories: [identity, face], records: %d}\n", i,
			r.IntN(systems), 1+r.IntN(1_000_000))
	}
	b.WriteString("access:\n")
	for i := range accesses {
		who := fmt.Sprintf("s%d", r.IntN(systems))
		if i%10 == 0 {
			who = fmt.Sprintf("r%d", r.IntN(200))
		}
		b.WriteString(Grant(r, fmt.Sprintf("a%d", i), who, systems, perAccess))
	}
	return b.String()
}

// Grant is a line of accesses: who administers so many of the systems.
func Grant(r *rand.Rand, id, who string, systems, on int) string {
	list := make([]string, on)
	for i := range list {
		list[i] = fmt.Sprintf("s%d", r.IntN(systems))
	}
	return fmt.Sprintf("  - {id: %s, who: %s, on: [%s], verbs: administer, auth: mfa}\n",
		id, who, strings.Join(list, ", "))
}
