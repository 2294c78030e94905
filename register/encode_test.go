package register_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/register"
)

// TestEncodeReadsBack: whatever texts entities have, the written file reads back
// as the same register.
func TestEncodeReadsBack(t *testing.T) {
	text := rapid.OneOf(rapid.StringOf(rapid.RuneFrom([]rune("ab:#-?*&!|>'\"%@`{}[],\\ \n\t~0é€\u2028"))),
		rapid.SampledFrom([]string{"true", "null", "1e3", "2026-11-22", "yes", "0x1f", "- a", ": b", "a: b", "c #d", "~"}))
	rapid.Check(t, func(t *rapid.T) {
		r := &register.Register{
			Zones: []*register.Zone{{Entity: register.Entity{ID: "z", Name: text.Draw(t, "name")}, Level: 3}},
			Vendors: []*register.Vendor{{
				Entity:   register.Entity{ID: "v", Note: text.Draw(t, "note"), Tags: []string{"x", "1.5", "b c"}},
				Owners:   []register.Owner{{Party: "p" + text.Draw(t, "party"), Share: 12.5}},
				Operates: []string{"NO", "DE"},
			}},
		}
		body := r.Encode()
		back, problems := register.Parse("r.yaml", body)
		if len(problems) > 0 {
			t.Fatalf("%v\n%s", problems, body)
		}
		again := back.Encode()
		third, _ := register.Parse("r.yaml", again)
		if back.Hash() != third.Hash() {
			t.Fatalf("not stable:\n%s\n%s", body, again)
		}
		if len(back.Vendors) != 1 || back.Vendors[0].Operates[0] != "NO" || back.Vendors[0].Tags[1] != "1.5" {
			t.Fatalf("read back %+v from\n%s", back.Vendors[0], body)
		}
	})
}
