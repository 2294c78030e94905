package safeguard_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/safeguard"
)

func Example() {
	reason, refused := safeguard.Refuse("user.unionMember")
	fmt.Println(refused, reason)
	// Output: true refused: union membership is protected; such fields do not exist
}

func TestRefuse(t *testing.T) {
	datadriven.RunTest(t, "testdata/refuse.txt", func(_ *testing.T, d *datadriven.TestData) string {
		var out strings.Builder
		for name := range strings.SplitSeq(d.Input, "\n") {
			reason, refused := safeguard.Refuse(name)
			if !refused {
				reason = "allowed"
			}
			fmt.Fprintf(&out, "%s: %s\n", name, reason)
		}
		return out.String()
	})
}

func TestDictionaryIsAllowed(t *testing.T) {
	for _, a := range event.Dictionary() {
		if reason, refused := safeguard.Refuse(a.Path); refused {
			t.Errorf("%s: %s", a.Path, reason)
		}
	}
}

func FuzzRefuse(f *testing.F) {
	f.Add("user.religion")
	f.Add("a\xffB")
	f.Fuzz(func(t *testing.T, name string) {
		if len(name) > 256 { // the end of a very long name is not read
			return
		}
		_, lower := safeguard.Refuse(strings.ToLower(name))
		if _, refused := safeguard.Refuse("x." + strings.ToLower(name)); lower && !refused {
			t.Errorf("a prefix hides %q", name)
		}
	})
}
