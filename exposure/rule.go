package exposure

import "github.com/evident-sec/evident/register"

// Rule says how a kind of move follows from the register.
type Rule struct {
	ID, Text  string
	Technique string // ATT&CK, where one fits
	Days      float64
	Sight     Sight
}

// The rules. Bands depend on what the register says of the entities and are
// chosen where the move is derived.
var rules = []Rule{
	{"works-on", "who acts as the role uses the role's device", "T1078", 1, Hidden},
	{"takes-session", "who holds the device acts as those who work on it", "T1539", 2, Faint},
	{"connects", "a device stands in the zone it connects into", "T1133", 1, Faint},
	{"stands-in", "who controls a system has a position in its zone", "T1021", 1, Hidden},
	{"crosses", "the zone lets connections from the other zone in", "T1021", 2, Faint},
	{"exploits", "a position in the zone reaches the system", "T1210", 6, Visible},
	{"uses", "the access opens the system", "T1078", 1, Faint},
	{"administers", "the access gives control of the system", "T1078.002", 1, Faint},
	{"deploys", "what is delivered runs on the system", "T1072", 3, Faint},
	{"reads", "the access opens the holding", "T1213", 2, Faint},
	{"reads-singly", "the access opens single records of the holding", "T1213", 30, Visible},
	{"reads-all", "who controls a system reads what lies on it", "T1005", 1, Faint},
	{"receives", "the receiving end of the flow gets the holding", "T1020", 2, Hidden},
	{"writes", "what arrives through the flow changes its receiver", "T1199", 8, Faint},
	{"calls", "the flow is opened by what it ends in", "T1199", 6, Faint},
	{"pushes-code", "who delivers updates runs code", "T1195.002", 10, Hidden},
	{"operates", "who runs the system controls it", "T1199", 1, Hidden},
	{"hosts", "who controls the platform controls what runs on it", "T1611", 2, Faint},
	{"cloud", "the cloud provider can reach into the system", "T1199", 15, Hidden},
	{"opens-backup", "the backup holds the data, and its key is within reach", "T1005", 3, Hidden},
	{"keeps-copy", "the system holds a copy", "T1005", 1, Faint},
	{"signs-in", "who controls the identity provider signs in as anybody", "T1606.002", 2, Faint},
	{"admin-of", "the role administers the identity provider", "T1098", 1, Faint},
	{"trusts", "the identity provider takes the other's word", "T1484.002", 3, Faint},
	{"manages", "device management pushes to its devices", "T1072", 2, Faint},
	{"supplies", "who gets into a subcontractor gets into its client", "T1199", 10, Hidden},
	{"employs", "who gets into a vendor acts as its staff here", "T1199", 4, Hidden},
	{"learns", "the reader learns how we are built", "T1591", 1, Hidden},
}

// Rules lists the rules that moves come from.
func Rules() []Rule { return append([]Rule(nil), rules...) }

func ruleNamed(id string) Rule {
	for _, r := range rules {
		if r.ID == id {
			return r
		}
	}
	return Rule{ID: id}
}

// authBand is how easily an access is used by somebody who should not, by how
// it signs in.
func authBand(auth string) register.Band {
	switch auth {
	case "phishing-resistant":
		return register.Unlikely
	case "mfa", "certificate":
		return register.Possible
	}
	return register.Likely
}

// RuleText says what a rule means.
func RuleText(id string) string { return ruleNamed(id).Text }
