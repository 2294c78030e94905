package register

// bulk categories of 28 CFR 202.
const (
	bulkGenomic   = "human genomic"
	bulkOmic      = "other human 'omic"
	bulkBiometric = "biometric identifiers"
	bulkLocation  = "precise geolocation"
	bulkHealth    = "personal health"
	bulkFinancial = "personal financial"
	bulkPersonal  = "covered personal identifiers"
)

// traits lists the categories. How long harm lasts is this product's opinion,
// stated in docs/exposure.md; the bulk categories are those of 28 CFR 202.
var traits = []Trait{
	{"fingerprint", "finger or palm prints", 1, "biometric", bulkBiometric},
	{"face", "face templates or photographs for matching", 1, "biometric", bulkBiometric},
	{"iris", "iris or retina templates", 1, "biometric", bulkBiometric},
	{"voice-print", "voice templates", 1, "biometric", bulkBiometric},
	{"gait", "gait or typing patterns", .8, "biometric", bulkBiometric},
	{"dna", "genome or genetic test results", 1, "biometric", bulkGenomic},
	{"omic", "epigenomic, proteomic, transcriptomic data", .9, "health", bulkOmic},
	{"clearance", "vetting files and adjudications", .8, "relationship", bulkPersonal},
	{"relatives", "family, associates and references", .8, "relationship", bulkPersonal},
	{"foreign-contact", "contacts abroad", .7, "relationship", bulkPersonal},
	{"communication", "who spoke with whom and when", .6, "relationship", bulkPersonal},
	{"passport", "travel document numbers", .5, "travel", bulkPersonal},
	{"travel", "journeys, crossings, bookings", .5, "travel", ""},
	{"crew", "crew lists and seafarer documents", .5, "travel", bulkPersonal},
	{"location", "precise position over time", .5, "location", bulkLocation},
	{"vehicle", "plates and their sightings", .3, "location", bulkPersonal},
	{"health", "diagnoses, treatment, fitness for duty", .8, "health", bulkHealth},
	{"financial", "accounts, holdings, debts", .4, "finance", bulkFinancial},
	{"tax", "tax files", .4, "finance", bulkFinancial},
	{"government-id", "social security and other national numbers", .6, "identity", bulkPersonal},
	{"identity", "name, birth, nationality", .6, "identity", bulkPersonal},
	{"address", "home address", .2, "identity", bulkPersonal},
	{"contact", "telephone and mail addresses", .2, "identity", bulkPersonal},
	{"device-id", "advertising, hardware and subscriber identifiers", .3, "identity", bulkPersonal},
	{"account", "user names and network identifiers", .2, "identity", bulkPersonal},
	{"employment", "posts held, pay grade, evaluations", .4, "identity", ""},
	{"credential", "passwords, keys and tokens", 0, "", ""},
	{"case", "case files and findings", .6, "relationship", ""},
	{"operations", "plans, schedules, inspections", .2, "", ""},
	{"log", "records of who did what on systems", .1, "", ""},
	{"public", "published anyway", 0, "", ""},
}

// Categories lists the categories of data a holding may have.
func Categories() []Trait { return append([]Trait(nil), traits...) }

// TraitOf returns what is known of a category.
func TraitOf(c Category) (Trait, bool) {
	for _, t := range traits {
		if t.Category == c {
			return t, true
		}
	}
	return Trait{}, false
}

func categoryNames() []string {
	var out []string
	for _, t := range traits {
		out = append(out, string(t.Category))
	}
	return out
}
