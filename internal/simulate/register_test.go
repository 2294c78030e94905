package simulate

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/evident-sec/evident/register"
)

// TestServersAreThoseOfTheRegister: the simulation and the exposure register are
// of one organisation. Every server that is simulated stands in the register, and
// every system that the register calls simulated is one.
func TestServersAreThoseOfTheRegister(t *testing.T) {
	r, problems, err := register.Load(os.DirFS("../../examples/harbor/register"))
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	var want, got []string
	for _, s := range r.Systems {
		if slices.Contains(s.Tags, "simulated") {
			want = append(want, s.ID)
		}
	}
	for _, s := range slices.Concat(windowsServers, linuxServers) {
		got = append(got, strings.ToLower(s.name))
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("simulated are %v, the register has %v", got, want)
	}
}
