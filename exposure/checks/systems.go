package checks

import (
	"slices"
	"strings"
	"time"

	"github.com/evident-sec/evident/register"
)

func (j *judge) mobileUnattested() {
	for _, f := range j.r.Fleets {
		if f.Kind == "mobile" && f.Attested < 95 {
			j.report(&f.Entity, "%d%% of %d devices prove their state", f.Attested, f.Devices)
		}
	}
}

func (j *judge) externalUnmanaged() {
	for _, f := range j.r.Fleets {
		if f.Kind == "contractor-laptop" && f.Managed == "" {
			j.report(&f.Entity, "%d devices of contractors under no management", f.Devices)
		}
	}
}

func (j *judge) devicesNotInventoried() {
	for _, f := range j.r.Fleets {
		if f.Kind != "contractor-laptop" && f.Managed == "" {
			j.report(&f.Entity, "%d devices under no management", f.Devices)
		}
	}
}

func (j *judge) criticalWithoutLogs() {
	for _, s := range j.r.Systems {
		if s.Criticality >= 3 && len(s.Logs) == 0 {
			j.report(&s.Entity, "criticality %d and no log source", s.Criticality)
		}
	}
}

// withData visits the systems that hold data on people.
func (j *judge) withData(visit func(s *register.System, list []*register.Holding)) {
	for _, s := range j.r.Systems {
		if list := j.on[s.ID]; len(list) > 0 {
			visit(s, list)
		}
	}
}

func (j *judge) inventoryIncomplete() {
	j.withData(func(s *register.System, _ []*register.Holding) {
		if s.Owner == "" || s.Zone == "" {
			j.report(&s.Entity, "name its owner and its zone")
		}
	})
}

func (j *judge) locationUnknown() {
	j.withData(func(s *register.System, list []*register.Holding) {
		if len(s.Countries) == 0 {
			j.report(&s.Entity, "where %s lies is not on record", named(list))
		}
	})
}

func (j *judge) criticalityUnknown() {
	j.withData(func(s *register.System, _ []*register.Holding) {
		if s.Criticality == 0 {
			j.report(&s.Entity, "has no criticality")
		}
	})
}

func (j *judge) levelUnknown() {
	j.withData(func(s *register.System, _ []*register.Holding) {
		if s.Impact == "" {
			j.report(&s.Entity, "has no impact level")
		}
	})
}

// levelBelowData is the high-water mark, one step higher where linked holdings
// on the system make combined data.
func (j *judge) levelBelowData() {
	j.withData(func(s *register.System, list []*register.Holding) {
		need := level(impactOf(list))
		why := "its data are " + impactOf(list)
		for _, c := range j.combined() {
			if need < 3 && len(c.NewFlags) > 0 && containsAll(list, c.Holdings) {
				need, why = need+1, why+", and linked they are more"
				break
			}
		}
		if s.Impact != "" && level(s.Impact) < need {
			j.report(&s.Entity, "is authorised for %s; %s", s.Impact, why)
		}
	})
}

func containsAll(list []*register.Holding, ids []string) bool {
	for _, id := range ids {
		if !slices.ContainsFunc(list, func(h *register.Holding) bool { return h.ID == id }) {
			return false
		}
	}
	return true
}

func (j *judge) authorisationOver() {
	for _, s := range j.r.Systems {
		if j.past(s.Authorised) {
			j.report(&s.Entity, "its authorisation ended on %s", s.Authorised.Format(time.DateOnly))
		}
	}
}

func (j *judge) updateUnsigned() {
	for _, s := range j.r.Systems {
		for _, from := range s.UpdatesFrom {
			v := j.vendors[from]
			if !s.SignedUpdate && (v == nil || !v.SignsUpdates) {
				j.report(&s.Entity, "%s pushes code that nobody checks", from)
			}
		}
	}
}

func (j *judge) backupKeyShared() {
	for _, s := range j.r.Systems {
		if len(s.BacksUpTo) > 0 && len(j.on[s.ID]) > 0 && s.BackupKey != "own" {
			key := "under a " + s.BackupKey + " key"
			if s.BackupKey == "" || s.BackupKey == "none" {
				key = "under no key"
			}
			j.report(&s.Entity, "its backup on %s is %s", strings.Join(s.BacksUpTo, ", "), key)
		}
	}
}

func (j *judge) noEDR() {
	for _, s := range j.r.Systems {
		host := s.Kind == "server" || s.Kind == "workstation" || s.Kind == "database"
		if host && s.Criticality >= 3 && !s.EDR {
			j.report(&s.Entity, "criticality %d without endpoint detection", s.Criticality)
		}
	}
}

func (j *judge) tooManyWaysIn() {
	for _, z := range j.r.Zones {
		if z.Budget == 0 {
			continue
		}
		ways := len(z.AllowedFrom)
		for _, f := range j.r.Flows {
			to := j.systems[f.To]
			if from := j.systems[f.From]; to != nil && to.Zone == z.ID && (from == nil || from.Zone != z.ID) {
				ways++
			}
		}
		if ways > z.Budget {
			j.report(&z.Entity, "%d ways in, %d accepted", ways, z.Budget)
		}
	}
}
