package simulate

import "testing"

func TestZZHash(t *testing.T) {
	for _, c := range []Config{
		{Seed: 1, Scale: 0.3},
		{Seed: 7, Days: 3, Users: 120, Scale: 1},
		{Seed: 42, Days: 9, Scale: 0.5},
	} {
		m, _ := generate(t, c)
		t.Logf("HASH %d %d files %x", c.Seed, len(m.files), m.hash())
	}
}
