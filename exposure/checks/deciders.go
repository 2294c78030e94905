package checks

import (
	"slices"
	"strings"

	"github.com/evident-sec/evident/register"
)

// deciders decide the checks of the pack, by identifier.
var deciders = map[string]func(*judge){
	"flow-without-agreement":       (*judge).flowWithoutAgreement,
	"agreement-expired":            (*judge).agreementExpired,
	"agreement-incomplete":         (*judge).agreementIncomplete,
	"agreement-impact":             (*judge).agreementImpact,
	"high-impact-unfiltered":       (*judge).highImpactUnfiltered,
	"flow-not-reviewed":            (*judge).flowNotReviewed,
	"flow-downhill":                (*judge).flowDownhill,
	"external-service-undescribed": (*judge).externalUndescribed,
	"service-unauthenticated":      (*judge).serviceUnauthenticated,
	"plain-text":                   (*judge).plainText,

	"assignment-over":        (*judge).assignmentOver,
	"contractor-without-end": (*judge).contractorWithoutEnd,
	"approver-reads-bulk":    (*judge).approverReadsBulk,
	"service-account-bulk":   (*judge).serviceAccountBulk,
	"remote-without-mfa":     (*judge).remoteWithoutMFA,
	"admin-without-mfa":      (*judge).adminWithoutMFA,
	"shared-account":         (*judge).sharedAccount,
	"idp-admin-path":         (*judge).idpAdminPath,
	"trusts-outside":         (*judge).trustsOutside,
	"sign-in-phishable":      (*judge).signInPhishable,
	"screening-below-data":   (*judge).screeningBelowData,
	"opsec-over-shared":      (*judge).opsecOverShared,

	"mobile-unattested":       (*judge).mobileUnattested,
	"external-unmanaged":      (*judge).externalUnmanaged,
	"devices-not-inventoried": (*judge).devicesNotInventoried,
	"critical-without-logs":   (*judge).criticalWithoutLogs,
	"inventory-incomplete":    (*judge).inventoryIncomplete,
	"location-unknown":        (*judge).locationUnknown,
	"criticality-unknown":     (*judge).criticalityUnknown,
	"level-below-data":        (*judge).levelBelowData,
	"level-unknown":           (*judge).levelUnknown,
	"authorisation-over":      (*judge).authorisationOver,
	"update-unsigned":         (*judge).updateUnsigned,
	"backup-key-shared":       (*judge).backupKeyShared,
	"no-edr":                  (*judge).noEDR,
	"too-many-ways-in":        (*judge).tooManyWaysIn,

	"queries-not-logged":         (*judge).queriesNotLogged,
	"flat-zone":                  (*judge).flatZone,
	"shared-zone":                (*judge).sharedZone,
	"no-canaries":                (*judge).noCanaries,
	"for-life-unencrypted":       (*judge).forLifeUnencrypted,
	"no-authority":               (*judge).noAuthority,
	"no-purpose":                 (*judge).noPurpose,
	"no-retention":               (*judge).noRetention,
	"data-in-country-of-concern": (*judge).dataInCountryOfConcern,
	"combined-data":              (*judge).combinedData,

	"vendor-gives-no-notice": (*judge).vendorGivesNoNotice,
	"vendor-not-assessed":    (*judge).vendorNotAssessed,
	"sub-tier-undisclosed":   (*judge).subTierUndisclosed,
	"no-bill-of-materials":   (*judge).noBillOfMaterials,
	"covered-party":          (*judge).coveredParty,
	"owner-unknown":          (*judge).ownerUnknown,
	"bulk-without-record":    (*judge).bulkWithoutRecord,
	"prohibited-maker":       (*judge).prohibitedMaker,
	"questions-open":         (*judge).questionsOpen,
	"supplier-threat":        (*judge).supplierThreat,

	"review-due":  (*judge).reviewDue,
	"waiver-over": (*judge).waiverOver,
}

// large is from how many records on a holding asks for more care: the number at
// which personal health or financial data are bulk.
const large = 10_000

// big reports whether a holding is large, or bulk under the rule.
func (j *judge) big(h *register.Holding) bool {
	return h.Records >= large || len(j.Bulk.Judge(bodyOf(h))) > 0
}

// weak are sign-ins that fall to one stolen secret.
var weak = []string{"", "none", "shared-secret", "api-key", "password"}

// outside reports whether an identifier is a party that is not us.
func (j *judge) outside(id string) bool {
	it, ok := j.r.Find(id)
	if !ok {
		return false
	}
	switch v := it.Value.(type) {
	case *register.Vendor:
		return true
	case *register.Organisation:
		return !v.Own
	case *register.System:
		return j.vendors[v.Operator] != nil && v.Zone == ""
	}
	return false
}

// impactOf returns the higher of the FIPS 199 levels of holdings.
func impactOf(list []*register.Holding) string {
	high := ""
	for _, h := range list {
		if level(h.Impact) > level(high) {
			high = h.Impact
		}
	}
	return high
}

// level orders FIPS 199 levels; 0 is none.
func level(impact string) int { return slices.Index([]string{"", "low", "moderate", "high"}, impact) }

// named lists holdings for a sentence.
func named(list []*register.Holding) string {
	var out []string
	for _, h := range list {
		out = append(out, h.ID)
	}
	if len(out) > 5 {
		out = append(out[:5], "…")
	}
	return strings.Join(out, ", ")
}

func (j *judge) carried(f *register.Flow) []*register.Holding {
	var out []*register.Holding
	for _, id := range f.Holdings {
		if h := j.holdings[id]; h != nil {
			out = append(out, h)
		}
	}
	return out
}

func (j *judge) agreement(id string) *register.Agreement {
	it, ok := j.r.Find(id)
	if !ok || id == "" {
		return nil
	}
	a, _ := it.Value.(*register.Agreement)
	return a
}
