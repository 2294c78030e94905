package safeguard_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/evident-sec/evident/internal/safeguard"
	"github.com/evident-sec/evident/internal/yamltree"
	"pgregory.net/rapid"
)

func ExampleCheck() {
	docs, err := yamltree.Parse([]byte(`title: Uploads of some people
logsource: {category: proxy}
detection:
  selection:
    user.unionMember: true
  condition: selection
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	err = safeguard.Check(docs[0])
	reason, _, _ := strings.Cut(err.Error(), "; ")
	fmt.Println("line", yamltree.LineOf(err, 1))
	fmt.Println(reason)
	// Output:
	// line 5
	// refused: field "user.unionMember" concerns union membership (term "union <member>")
}

// TestPlaces shows each kind of place by example.
func TestPlaces(t *testing.T) {
	datadriven.RunTest(t, "testdata/places.txt", func(t *testing.T, d *datadriven.TestData) string {
		switch d.Cmd {
		case "rule":
			docs, err := yamltree.Parse([]byte(d.Input))
			if err != nil {
				t.Fatal(err)
			}
			return lines(safeguard.Rule(docs[0]))
		case "query":
			field, values, _ := strings.Cut(d.Input, "=")
			return lines(safeguard.Query(field, strings.Split(values, "|")...))
		}
		t.Fatalf("unknown command %s", d.Cmd)
		return ""
	})
}

func lines(found []safeguard.Violation) string {
	if len(found) == 0 {
		return "loads\n"
	}
	var out strings.Builder
	for _, v := range found {
		fmt.Fprintf(&out, "%d: %s\n", v.Line, v)
	}
	return out.String()
}

// TestSpelling writes refused names in every way a field can be written.
func TestSpelling(t *testing.T) {
	names := []string{
		"employee religion", "union membership", "leave reason", "birth date", "sexual orientation",
		"mental health score", "political party", "national origin", "skin color", "is pregnant",
	}
	rapid.Check(t, func(t *rapid.T) {
		words := strings.Fields(rapid.SampledFrom(names).Draw(t, "name"))
		prefix := rapid.SampledFrom([]string{"", "user.", "Event.Data.", "hr_", "x-"}).Draw(t, "prefix")
		camel := rapid.Bool().Draw(t, "camel")
		gap := rapid.SampledFrom([]string{"_", "-", ".", " ", "__"}).Draw(t, "gap")
		if camel {
			gap = ""
			for i := range words {
				words[i] = strings.ToUpper(words[i][:1]) + words[i][1:]
			}
		}
		name := prefix + strings.Join(words, gap)
		if !camel && rapid.Bool().Draw(t, "upper") {
			name = strings.ToUpper(name)
		}
		if _, refused := safeguard.Refuse(name); !refused {
			t.Fatalf("%q is allowed", name)
		}
	})
}

func FuzzRule(f *testing.F) {
	f.Add("title: a\ndetection:\n  s:\n    a|re: '(?i)[Mm]uslim\\b'\n  condition: s\n")
	f.Add("detection: x\nlogsource: y\ncorrelation: z\nfilter:\n")
	f.Add("logsource:\n- a\ncorrelation:\n  aliases: [a]\n  group-by: {a: b}\n")
	f.Fuzz(func(t *testing.T, src string) {
		docs, err := yamltree.Parse([]byte(src))
		if err != nil {
			return
		}
		for _, d := range docs {
			for _, v := range safeguard.Rule(d) {
				if v.Attribute == "" || v.Term == "" {
					t.Fatalf("violation without a reason: %+v", v)
				}
			}
		}
	})
}
