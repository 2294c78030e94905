package checks

import (
	"slices"
	"strings"
	"time"

	"github.com/evident-sec/evident/register"
)

// reaching visits the vendors that get to read holdings.
func (j *judge) reaching(visit func(v *register.Vendor, list []*register.Holding)) {
	for _, v := range j.r.Vendors {
		if list := j.reach[v.ID]; len(list) > 0 {
			visit(v, list)
		}
	}
}

func (j *judge) vendorGivesNoNotice() {
	j.reaching(func(v *register.Vendor, list []*register.Holding) {
		if v.NoticeDays == 0 {
			j.report(&v.Entity, "gets %s and owes no notice", named(list))
		}
	})
}

func (j *judge) vendorNotAssessed() {
	j.reaching(func(v *register.Vendor, list []*register.Holding) {
		switch {
		case v.AssessedOn.IsZero():
			j.report(&v.Entity, "gets %s and was never assessed", named(list))
		case j.day.After(v.AssessedOn.AddDate(1, 0, 0)):
			j.report(&v.Entity, "was last assessed on %s", v.AssessedOn.Format(time.DateOnly))
		}
	})
}

func (j *judge) subTierUndisclosed() {
	for _, v := range j.r.Vendors {
		if len(v.SubOf) > 0 && !v.Disclosed {
			j.report(&v.Entity, "works for %s, which did not name it", strings.Join(v.SubOf, ", "))
		}
	}
}

func (j *judge) noBillOfMaterials() {
	for _, s := range j.r.Systems {
		for _, from := range s.UpdatesFrom {
			if v := j.vendors[from]; v != nil && s.Criticality >= 3 && !v.ProvidesSBOM {
				j.report(&s.Entity, "%s updates it and delivers no bill of materials", v.ID)
			}
		}
	}
}

// regulated returns the holdings that a vendor gets which are bulk or
// government-related.
func (j *judge) regulated(v *register.Vendor) []*register.Holding {
	var out []*register.Holding
	for _, h := range j.reach[v.ID] {
		if len(j.Bulk.Judge(bodyOf(h))) > 0 {
			out = append(out, h)
		}
	}
	return out
}

func (j *judge) coveredParty() {
	for _, v := range j.r.Vendors {
		if c, covered := j.covered[v.ID]; covered {
			if list := j.regulated(v); list != nil {
				j.report(&v.Entity, "%s, and gets %s", c.Why, named(list))
			}
		}
	}
}

func (j *judge) ownerUnknown() {
	for _, v := range j.r.Vendors {
		share := 0.0
		for _, o := range v.Owners {
			share += o.Share
		}
		// Shares that could still make up the rule's part are an open question.
		if list := j.regulated(v); list != nil && 100-share >= j.Bulk.CoveredShare {
			j.report(&v.Entity, "gets %s; the owners of %g%% of it are not known", named(list), 100-share)
		}
	}
}

func (j *judge) bulkWithoutRecord() {
	for _, f := range j.r.Flows {
		v := j.vendors[f.To]
		if v == nil {
			continue
		}
		var list []*register.Holding
		for _, h := range j.carried(f) {
			if len(j.Bulk.Judge(bodyOf(h))) > 0 {
				list = append(list, h)
			}
		}
		a := j.agreement(f.Agreement)
		if list != nil && (a == nil || !slices.Contains(a.Requires, "residence") || !slices.Contains(a.Requires, "return")) {
			j.report(&f.Entity, "carries %s to %s without agreed residence and return", named(list), v.ID)
		}
	}
}

// prohibited reports whether a maker's name is on the list.
func (j *judge) prohibited(name string) bool {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(j.Makers, w) })
}

func (j *judge) prohibitedMaker() {
	for _, v := range j.r.Vendors {
		if v.Prohibited != "" || j.prohibited(v.Name) {
			j.report(&v.Entity, "stands on a list: %s", orWord(v.Prohibited, "NDAA 889"))
		}
	}
	for _, s := range j.r.Systems {
		for _, c := range s.Components {
			v := j.vendors[c.Vendor]
			if j.prohibited(c.Maker) || v != nil && (v.Prohibited != "" || j.prohibited(v.Name)) {
				j.report(&s.Entity, "contains %s by %s", c.Name, orWord(c.Maker, c.Vendor))
			}
		}
	}
}

func orWord(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

// questions are those of the 800-161 questionnaire.
var questions = []string{
	"functionality", "user-environment", "ability-to-deliver", "foreign-control", "alternatives",
	"loss-impact", "likelihood", "authenticity", "mitigation-capacity", "source-credibility",
}

func (j *judge) questionsOpen() {
	j.reaching(func(v *register.Vendor, _ []*register.Holding) {
		var open []string
		for _, q := range questions {
			if !slices.Contains(v.QuestionsAsked, q) {
				open = append(open, q)
			}
		}
		if len(open) > 0 {
			j.report(&v.Entity, "%d of %d answers are missing: %s", len(open), len(questions), strings.Join(open, ", "))
		}
	})
}

// supplierThreat is the EBIOS threat level: dependency times penetration over
// maturity times trust; above 3 the supplier is in the control zone.
func (j *judge) supplierThreat() {
	for _, v := range j.r.Vendors {
		if v.Dependency*v.Penetration*v.Maturity*v.Trust == 0 {
			continue
		}
		if t := float64(v.Dependency*v.Penetration) / float64(v.Maturity*v.Trust); t > 3 {
			j.report(&v.Entity, "dependency %d × penetration %d against maturity %d × trust %d", v.Dependency,
				v.Penetration, v.Maturity, v.Trust)
		}
	}
}

func (j *judge) reviewDue() {
	for _, it := range j.r.Items() {
		if it.Kind != "flows" && j.past(it.Entity.ReviewBy) {
			j.report(it.Entity, "was to be reviewed by %s", it.Entity.ReviewBy.Format(time.DateOnly))
		}
	}
}

func (j *judge) waiverOver() {
	for _, w := range j.r.Waivers {
		switch {
		case j.past(w.Expires):
			j.report(&w.Entity, "expired on %s", w.Expires.Format(time.DateOnly))
		case !j.waives(w):
			j.report(&w.Entity, "needs the signatures of two roles")
		}
	}
}
