package checks

import (
	"slices"
	"strings"
	"time"

	"github.com/evident-sec/evident/exposure"
	"github.com/evident-sec/evident/register"
)

func bodyOf(h *register.Holding) exposure.Body { return exposure.BodyOf(h) }

// external reports whether a flow has an end outside.
func (j *judge) external(f *register.Flow) bool { return j.outside(f.From) || j.outside(f.To) }

func (j *judge) flowWithoutAgreement() {
	for _, f := range j.r.Flows {
		if j.external(f) && f.Agreement == "" {
			j.report(&f.Entity, "%s to %s has no agreement", f.From, f.To)
		}
	}
}

func (j *judge) agreementExpired() {
	for _, f := range j.r.Flows {
		if a := j.agreement(f.Agreement); a != nil && j.past(a.Expires) {
			j.report(&f.Entity, "its agreement %s expired on %s", a.ID, a.Expires.Format(time.DateOnly))
		}
	}
}

// duties are what an interconnection agreement has to settle (800-47r1).
var duties = []string{"interface", "security", "privacy", "duties"}

func (j *judge) agreementIncomplete() {
	for _, a := range j.r.Agreements {
		var lacks []string
		for _, d := range duties {
			if !slices.Contains(a.Requires, d) {
				lacks = append(lacks, d)
			}
		}
		if (a.Kind == "isa" || a.Kind == "mou") && lacks != nil {
			j.report(&a.Entity, "lacks %s", strings.Join(lacks, ", "))
		}
	}
}

func (j *judge) agreementImpact() {
	for _, f := range j.r.Flows {
		a, need := j.agreement(f.Agreement), impactOf(j.carried(f))
		if a != nil && level(a.Impact) < level(need) {
			j.report(&f.Entity, "carries %s impact data, %s covers %q", need, a.ID, a.Impact)
		}
	}
}

func (j *judge) highImpactUnfiltered() {
	for _, f := range j.r.Flows {
		if list := j.carried(f); impactOf(list) == "high" && !f.Filter && j.external(f) {
			j.report(&f.Entity, "carries %s without a check on the way", named(list))
		}
	}
}

func (j *judge) flowNotReviewed() {
	for _, f := range j.r.Flows {
		if !j.external(f) && j.past(f.ReviewBy) {
			j.report(&f.Entity, "was to be reviewed by %s", f.ReviewBy.Format(time.DateOnly))
		}
	}
}

func (j *judge) flowDownhill() {
	for _, f := range j.r.Flows {
		from, to := j.zoneOf(f.From), j.zoneOf(f.To)
		if from == nil || to == nil || to.Level >= from.Level || len(f.Holdings) == 0 {
			continue
		}
		if !f.Filter || f.Purpose == "" {
			j.report(&f.Entity, "carries %s from level %d to level %d", named(j.carried(f)), from.Level, to.Level)
		}
	}
}

func (j *judge) zoneOf(id string) *register.Zone {
	if s := j.systems[id]; s != nil {
		return j.zones[s.Zone]
	}
	return nil
}

func (j *judge) externalUndescribed() {
	for _, f := range j.r.Flows {
		if j.external(f) && (f.Protocol == "" || f.Purpose == "") {
			j.report(&f.Entity, "name its protocol and purpose")
		}
	}
}

func (j *judge) serviceUnauthenticated() {
	for _, f := range j.r.Flows {
		if f.Auth == "" || f.Auth == "none" {
			j.report(&f.Entity, "%s and %s do not authenticate each other", f.From, f.To)
		}
	}
}

// clear are protocols that do not encrypt.
var clear = []string{"http", "ftp", "telnet", "smtp", "ldap", "smb1", "tftp", "syslog-udp"}

func (j *judge) plainText() {
	for _, f := range j.r.Flows {
		if slices.Contains(clear, strings.ToLower(f.Protocol)) {
			j.report(&f.Entity, "%s does not encrypt", f.Protocol)
		}
	}
}
