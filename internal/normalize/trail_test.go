package normalize

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
)

// object draws a JSON object from few names, so that records have beginnings
// in common and lists hold objects.
func object(t *rapid.T, depth int) string {
	var parts []string
	for range rapid.IntRange(0, 4).Draw(t, "members") {
		name := rapid.SampledFrom([]string{`"Channel"`, `"a"`, `"b"`, `"a.b"`, `""`, `"message"`, `"EventData"`, `"\u0061"`, `"x y"`}).Draw(t, "name")
		parts = append(parts, name+rapid.SampledFrom([]string{":", " : "}).Draw(t, "colon")+anything(t, depth))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func anything(t *rapid.T, depth int) string {
	kind := rapid.IntRange(0, 7).Draw(t, "kind")
	switch {
	case kind == 0 && depth > 0:
		return object(t, depth-1)
	case kind == 1 && depth > 0:
		var items []string
		for range rapid.IntRange(0, 3).Draw(t, "items") {
			items = append(items, anything(t, depth-1))
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	return rapid.SampledFrom([]string{
		"1", "-2.5e3", "null", "true", `"x"`, `""`, `"C:\\Windows\\a\"b"`, `"\u00e9\ud83d\ude00\ud800"`, `"{\"c\":[1,{\"d\":2}]}"`,
		`"<Event><EventData><Data Name='k'>v</Data></EventData></Event>"`, `"a text longer than eight bytes\tand \\ more"`,
	}).Draw(t, "value")
}

// TestTrail: records read along the names of earlier ones give the fields, and
// the mapped events, that each gives by itself.
func TestTrail(t *testing.T) {
	n := newNormalizer(t)
	rapid.Check(t, func(t *rapid.T) {
		scanner := n.Scanner()
		kept := &lexicon{steps: rapid.SampledFrom([]int{0, maxSteps - 6}).Draw(t, "steps")}
		rd := n.decoder.reader(&memory{}, event.FormatJSON, "").following(kept)
		for range 8 {
			raw := object(t, 3)
			want, wantErr := Decode(event.FormatJSON, "", []byte(raw))
			got, err := rd.read([]byte(raw))
			if fmt.Sprint(got, err) != fmt.Sprint(want, wantErr) {
				t.Fatalf("%s\n got %v %v\nwant %v %v", raw, got, err, want, wantErr)
			}
			e := &event.Entry{Format: event.FormatJSON, Records: []event.Record{{Raw: []byte(raw)}}}
			scanner.Open(e)
			ev := scanner.Next()
			scanner.Complete()
			n.lexicons = sync.Pool{} // what earlier records taught is gone
			fresh := n.Entry(e)[0]
			if fmt.Sprint(*ev) != fmt.Sprint(fresh) {
				t.Fatalf("%s\n got %v\nwant %v", raw, *ev, fresh)
			}
		}
	})
}

// TestLexiconIsBounded: names that come once are not kept for ever, and a
// stream of them is not followed for a while.
func TestLexiconIsBounded(t *testing.T) {
	x := &lexicon{}
	sc := jsonScanner{mem: &memory{}, trail: trail{lexicon: x}}
	rested := false
	for i := range 2 * maxSteps {
		raw := fmt.Sprintf(`{"a%d":1,"b%d":{"c%d":2,"d":3}}`, i%60, i/60%60, i/3600)
		fields, err := sc.decode(raw, nil)
		if err != nil || len(fields) != 3 || fields[1].Name != fmt.Sprintf("b%d.c%d", i/60%60, i/3600) {
			t.Fatalf("%s: %v %v", raw, fields, err)
		}
		rested = rested || x.idle > 0
	}
	if x.steps > maxSteps || x.root.count > maxFollowing || !rested {
		t.Errorf("%d steps, %d at the beginning, rested %v", x.steps, x.root.count, rested)
	}
}
