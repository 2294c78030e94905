package exposure_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/evident-sec/evident/exposure"
	"github.com/evident-sec/evident/exposure/packs"
	"github.com/evident-sec/evident/register"
)

func bulkRule(t testing.TB) *exposure.BulkRule {
	t.Helper()
	rule, err := exposure.LoadBulkRule(packs.FS)
	if err != nil {
		t.Fatal(err)
	}
	return rule
}

// law is 28 CFR 202.205 written down a second time, by hand.
var law = []struct {
	category register.Category
	name     string
	moreThan int64
	devices  bool
}{
	{"dna", "human genomic", 100, false},
	{"omic", "other human 'omic", 1_000, false},
	{"fingerprint", "biometric identifiers", 1_000, false},
	{"location", "precise geolocation", 1_000, true},
	{"health", "personal health", 10_000, false},
	{"financial", "personal financial", 10_000, false},
	{"passport", "covered personal identifiers", 100_000, false},
}

// holding writes a holding with a count where the law counts it.
func holding(category register.Category, n int64, devices bool, more string) string {
	count := fmt.Sprintf("records: %d", n)
	if devices {
		count = fmt.Sprintf("records: 1, us_persons: 1, us_devices: %d", n)
	}
	return fmt.Sprintf("systems: [{id: s}]\nholdings:\n  - {id: h, system: s, categories: [%s], %s%s}\n",
		category, count, more)
}

// TestBulkTruthTable: each category below, at and above its number, alone,
// pseudonymised, and with its highest count within the last twelve months.
func TestBulkTruthTable(t *testing.T) {
	rule := bulkRule(t)
	flagged := func(src, category string) bool {
		for _, f := range rule.Judge(exposure.BodyOf(parse(t, src).Holdings[0])) {
			if f.Category == category {
				return true
			}
		}
		return false
	}
	for _, l := range law {
		for off, want := range map[int64]bool{-1: false, 0: false, 1: true} {
			n := l.moreThan + off
			for how, src := range map[string]string{
				"plain":         holding(l.category, n, l.devices, ""),
				"pseudonymised": holding(l.category, n, l.devices, ", pseudonymised: true"),
				"peak":          holding(l.category, 1, l.devices, fmt.Sprintf(", peak_12_months: %d", n)),
			} {
				if got := flagged(src, l.name); got != want {
					t.Errorf("%s %s with %d: flagged %v, want %v", how, l.category, n, got, want)
				}
			}
		}
		for _, other := range law {
			if other.category == l.category {
				continue
			}
			lowest := min(l.moreThan, other.moreThan)
			for off, want := range map[int64]bool{-1: false, 0: false, 1: true} {
				src := holding(l.category+", "+other.category, lowest+off, false, "")
				if got := flagged(src, exposure.CombinedData); got != want {
					t.Errorf("%s and %s with %d: combined %v, want %v", l.category, other.category, lowest+off, got, want)
				}
			}
		}
		if flagged(holding(l.category, 10*l.moreThan, l.devices, ""), exposure.CombinedData) {
			t.Errorf("%s alone is combined data", l.category)
		}
	}
	if !flagged(holding("operations", 1, false, ", government_related: true"), exposure.GovernmentData) {
		t.Error("government-related data are not flagged at any volume")
	}
	if flagged(holding("operations", 1_000_000, false, ""), exposure.CombinedData) {
		t.Error("data of no bulk category are flagged")
	}
}

func TestPackRefuses(t *testing.T) {
	if rule := bulkRule(t); rule.AsOf == "" || rule.Source == "" || len(rule.Countries) == 0 {
		t.Errorf("pack has no date, source or countries: %+v", rule)
	}
	for _, c := range bulkRule(t).Countries {
		if len(c) != 2 || strings.ToUpper(c) != c {
			t.Errorf("%q is no country code", c)
		}
	}
}
