package register

// The tags of the fields below are the format. yaml is the key; doc is what the
// documentation and the schema say; ref names the kinds that a reference may
// point to; enum lists the allowed words; need:"true" makes a field required;
// min and max bound numbers.

// Place is where in the register's files something is written.
type Place struct {
	File string // relative to the register's folder
	Line int    // from 1
}

// Entity is what every entity has.
type Entity struct {
	ID       string   `yaml:"id" need:"true" doc:"stable identifier: lower case letters, digits, dashes"`
	Was      []string `yaml:"was" doc:"earlier identifiers, which references may still use"`
	Name     string   `yaml:"name" doc:"name for people; the identifier where it is missing"`
	Note     string   `yaml:"note" doc:"anything a reader should know"`
	ReviewBy Date     `yaml:"review_by" doc:"day by which this entry has to be looked at again"`
	Tags     []string `yaml:"tags" doc:"free words to group entries by"`

	Place Place `yaml:"-"`
}

// Organisation is the one whose register it is, or one it works with.
type Organisation struct {
	Entity  `yaml:",inline"`
	Parent  string `yaml:"parent" ref:"organisations" doc:"organisation it belongs to"`
	Country string `yaml:"country" doc:"ISO 3166-1 alpha-2 code"`
	Own     bool   `yaml:"own" doc:"true for the organisation whose register this is"`
}

// Unit is a part of the organisation.
type Unit struct {
	Entity       `yaml:",inline"`
	Organisation string `yaml:"organisation" ref:"organisations" doc:"organisation it is part of"`
	Parent       string `yaml:"parent" ref:"units" doc:"unit above it"`
	Oversight    bool   `yaml:"oversight" doc:"true for inspector general, privacy officer and the like"`
}

// Role is a headcount of people who do the same, never a named person.
type Role struct {
	Entity    `yaml:",inline"`
	Unit      string `yaml:"unit" ref:"units" doc:"unit the role belongs to"`
	Vendor    string `yaml:"vendor" ref:"vendors" doc:"vendor whose staff it is, for contractors"`
	Headcount int    `yaml:"headcount" min:"0" doc:"how many people hold it"`
	Screening int    `yaml:"screening" min:"0" max:"4" doc:"level of vetting, 0 none to 4 highest"`
	Approver  bool   `yaml:"approver" doc:"may approve requests of others"`
	Ends      Date   `yaml:"ends" doc:"day the assignment ends, for contractors"`
	Device    string `yaml:"device" ref:"fleets systems" doc:"what they work on"`
	Foothold  Band   `yaml:"foothold" enum:"likely possible unlikely remote" doc:"how easily an adversary gets to act as one of them; missing: no foothold"`
}

// Owner is a party's share in a vendor.
type Owner struct {
	Party   string  `yaml:"party" need:"true" doc:"legal entity; the id of a vendor or organisation where it is in the register"`
	Share   float64 `yaml:"share" min:"0" max:"100" doc:"per cent"`
	Country string  `yaml:"country" doc:"ISO 3166-1 alpha-2 code of the party"`
}

// Vendor is a supplier or a supplier's supplier.
type Vendor struct {
	Entity         `yaml:",inline"`
	Country        string   `yaml:"country" doc:"ISO 3166-1 alpha-2 code of its seat"`
	Operates       []string `yaml:"operates" doc:"countries it works from"`
	Owners         []Owner  `yaml:"owners" doc:"who owns it, with shares"`
	SubOf          []string `yaml:"sub_of" ref:"vendors" doc:"vendors it works for as a subcontractor"`
	Disclosed      bool     `yaml:"disclosed" doc:"the vendor above named it"`
	ClientSectors  []string `yaml:"client_sectors" doc:"sectors it works for besides us"`
	Dependency     int      `yaml:"dependency" min:"1" max:"4" doc:"EBIOS: how much we depend on it"`
	Penetration    int      `yaml:"penetration" min:"1" max:"4" doc:"EBIOS: how deep it reaches into our systems"`
	Maturity       int      `yaml:"maturity" min:"1" max:"4" doc:"EBIOS: how mature its security is"`
	Trust          int      `yaml:"trust" min:"1" max:"4" doc:"EBIOS: how far we may rely on its intentions"`
	AssessedOn     Date     `yaml:"assessed_on" doc:"day of the last assessment"`
	NoticeDays     int      `yaml:"notice_days" min:"0" doc:"days within which it tells us of an incident"`
	CoveredPerson  string   `yaml:"covered_person" enum:"yes no unknown" doc:"28 CFR 202.211, where it is known without the roll-up"`
	Foothold       Band     `yaml:"foothold" enum:"likely possible unlikely remote" doc:"how easily an adversary gets to act as the vendor"`
	Prohibited     string   `yaml:"prohibited" doc:"list that names it, e.g. NDAA 889"`
	SignsUpdates   bool     `yaml:"signs_updates" doc:"its updates are signed and we check"`
	ProvidesSBOM   bool     `yaml:"provides_sbom" doc:"it delivers a bill of materials"`
	QuestionsAsked []string `yaml:"questions_answered" doc:"800-161 questions it has answered"`
}

// Zone is a network or trust zone.
type Zone struct {
	Entity      `yaml:",inline"`
	Level       int      `yaml:"level" min:"0" max:"5" doc:"0 outside to 5 isolated"`
	AllowedFrom []string `yaml:"allowed_from" ref:"zones" doc:"zones whose systems may open connections into this one"`
	Flat        bool     `yaml:"flat" doc:"systems in it reach each other without a filter"`
	Budget      int      `yaml:"edge_budget" min:"0" doc:"how many ways in are accepted"`
}

// Component is a product in a system.
type Component struct {
	Name   string `yaml:"name" need:"true" doc:"product name"`
	Vendor string `yaml:"vendor" ref:"vendors" doc:"its maker"`
	Maker  string `yaml:"maker" doc:"its maker where that is no vendor in the register"`
}

// System is a running system or service.
type System struct {
	Entity       `yaml:",inline"`
	Owner        string      `yaml:"owner" ref:"units" doc:"unit that answers for it"`
	Operator     string      `yaml:"operator" ref:"vendors units" doc:"who runs it"`
	Zone         string      `yaml:"zone" ref:"zones" doc:"zone it stands in"`
	Kind         string      `yaml:"kind" enum:"application database server workstation mobile gateway pipeline backup cloud-service monitoring repository directory" doc:"what it is"`
	Criticality  int         `yaml:"criticality" min:"1" max:"4" doc:"1 low to 4 vital"`
	Impact       string      `yaml:"impact" enum:"low moderate high" doc:"FIPS 199 level it is authorised for"`
	Authorised   Date        `yaml:"authorised_until" doc:"end of its authorisation to operate"`
	Cloud        string      `yaml:"cloud" ref:"vendors" doc:"cloud provider it runs on"`
	Countries    []string    `yaml:"countries" doc:"countries it stands in"`
	Components   []Component `yaml:"components" doc:"products it is made of"`
	UpdatesFrom  []string    `yaml:"updates_from" ref:"vendors systems" doc:"who can push code into it"`
	SignedUpdate bool        `yaml:"signed_updates" doc:"pushed code is signed and checked"`
	BacksUpTo    []string    `yaml:"backs_up_to" ref:"systems" doc:"where its backups lie"`
	BackupKey    string      `yaml:"backup_key" enum:"own shared none" doc:"key its backups are encrypted with"`
	SignIn       string      `yaml:"sign_in" ref:"identity_providers" doc:"identity provider that opens it"`
	Runs         []string    `yaml:"runs_on" ref:"systems" doc:"hosts or platforms under it"`
	Exposed      bool        `yaml:"exposed" doc:"reachable from the internet"`
	EDR          bool        `yaml:"edr" doc:"endpoint detection runs on it"`
	Logs         []string    `yaml:"logs" doc:"log sources it sends us, e.g. windows/security"`
	QueryLog     bool        `yaml:"query_log" doc:"every query on its holdings is logged"`
	Foothold     Band        `yaml:"foothold" enum:"likely possible unlikely remote" doc:"how easily an adversary gets in directly"`
}

// Holding is a body of data about people or matters.
type Holding struct {
	Entity        `yaml:",inline"`
	System        string     `yaml:"system" need:"true" ref:"systems" doc:"where it lies"`
	Categories    []Category `yaml:"categories" need:"true" doc:"what the data are: see docs/formats/register.md"`
	Subjects      []string   `yaml:"subjects" doc:"whom the data are about, e.g. employees, applicants, crew"`
	Records       int64      `yaml:"records" min:"0" doc:"people on record"`
	Persons       int64      `yaml:"us_persons" min:"0" doc:"of these US persons; all where missing"`
	Devices       int64      `yaml:"us_devices" min:"0" doc:"US devices on record, for location data"`
	Peak          int64      `yaml:"peak_12_months" min:"0" doc:"highest count of US persons or devices within the last 12 months"`
	JoinKeys      []string   `yaml:"join_keys" doc:"identifiers that link it to other holdings, e.g. passport-number"`
	Pseudonymised bool       `yaml:"pseudonymised" doc:"identifiers are replaced; it never switches a flag off"`
	Government    bool       `yaml:"government_related" doc:"28 CFR 202.222: regulated at any volume"`
	Retention     string     `yaml:"retention" doc:"how long it is kept, e.g. 7 years"`
	Authority     string     `yaml:"authority" doc:"legal authority to hold it"`
	Purposes      []string   `yaml:"purposes" doc:"what it may be used for"`
	Impact        string     `yaml:"impact" enum:"low moderate high" doc:"FIPS 199 level"`
	Canaries      int64      `yaml:"canaries" min:"0" doc:"canary records in it"`
	KeyOn         string     `yaml:"key_on" ref:"systems" doc:"system that keeps the key it is encrypted with; reading it takes both"`
	Copies        []string   `yaml:"copies" ref:"systems" doc:"other systems that hold a copy"`
}

// Flow is an integration: data or calls that go from one system to another.
type Flow struct {
	Entity    `yaml:",inline"`
	From      string   `yaml:"from" need:"true" ref:"systems vendors organisations" doc:"where it starts"`
	To        string   `yaml:"to" need:"true" ref:"systems vendors organisations" doc:"where it ends"`
	Direction string   `yaml:"direction" enum:"push pull both" doc:"who opens it: push from, pull to, both"`
	Holdings  []string `yaml:"holdings" ref:"holdings" doc:"what it carries"`
	Records   int64    `yaml:"records_per_year" min:"0" doc:"people a year whose data it carries"`
	Protocol  string   `yaml:"protocol" doc:"e.g. https, sftp, bus, sdk, build"`
	Auth      string   `yaml:"auth" enum:"none shared-secret api-key password certificate mfa phishing-resistant" doc:"how its ends know each other"`
	Write     bool     `yaml:"write" doc:"its receiver can be changed through it, not only read"`
	RateCap   int64    `yaml:"rate_cap" min:"0" doc:"records an hour it may carry, 0 for no cap"`
	Filter    bool     `yaml:"filter" doc:"content is checked on the way"`
	Purpose   string   `yaml:"purpose" doc:"what it is for"`
	Agreement string   `yaml:"agreement" ref:"agreements" doc:"what was agreed on it"`
}

// Access is what a role or service account may do on a system or holding.
type Access struct {
	Entity  `yaml:",inline"`
	Who     string   `yaml:"who" need:"true" ref:"roles vendors systems identity_providers fleets" doc:"role, vendor, or the system whose service account it is"`
	On      []string `yaml:"on" need:"true" ref:"systems holdings zones identity_providers fleets knowledge" doc:"what it opens"`
	Verbs   []string `yaml:"verbs" enum:"read write administer deploy authenticate" doc:"what it allows"`
	Bulk    bool     `yaml:"bulk" doc:"whole tables, not only single records"`
	Via     string   `yaml:"via" ref:"identity_providers systems" doc:"through which identity provider, gateway or jump host"`
	Service bool     `yaml:"service_account" doc:"no person signs in"`
	Auth    string   `yaml:"auth" enum:"none shared-secret api-key password certificate mfa phishing-resistant" doc:"how it signs in"`
	Needs   []string `yaml:"needs" ref:"systems roles fleets identity_providers vendors zones" doc:"what an adversary must have as well, all of it"`
	Until   Date     `yaml:"until" doc:"day it ends"`
}

// IdentityProvider signs people and services in.
type IdentityProvider struct {
	Entity   `yaml:",inline"`
	System   string   `yaml:"system" ref:"systems" doc:"system it runs on"`
	Operator string   `yaml:"operator" ref:"vendors units" doc:"who runs it"`
	Admins   []string `yaml:"admins" ref:"roles" doc:"who administers it"`
	Trusts   []string `yaml:"trusts" ref:"identity_providers" doc:"providers whose word it takes"`
	MFA      string   `yaml:"mfa" enum:"none otp push phishing-resistant" doc:"second factor it asks for"`
}

// Fleet is a set of managed or unmanaged devices.
type Fleet struct {
	Entity   `yaml:",inline"`
	Kind     string `yaml:"kind" enum:"workstation mobile contractor-laptop kiosk" doc:"what they are"`
	Devices  int    `yaml:"devices" min:"0" doc:"how many"`
	Attested int    `yaml:"attested" min:"0" max:"100" doc:"per cent with a valid attestation"`
	Managed  string `yaml:"managed_by" ref:"systems vendors" doc:"device management"`
	Zone     string `yaml:"zone" ref:"zones" doc:"zone they connect into"`
	Foothold Band   `yaml:"foothold" enum:"likely possible unlikely remote" doc:"how easily one of them is taken over"`
}

// Agreement is a contract or interconnection agreement.
type Agreement struct {
	Entity   `yaml:",inline"`
	Kind     string   `yaml:"kind" enum:"isa mou dpa contract nda sla" doc:"what it is"`
	Parties  []string `yaml:"parties" ref:"organisations vendors units" doc:"who signed"`
	Signed   Date     `yaml:"signed" doc:"day it was signed"`
	Expires  Date     `yaml:"expires" doc:"day it ends"`
	Impact   string   `yaml:"impact" enum:"low moderate high" doc:"FIPS 199 level it covers"`
	Requires []string `yaml:"requires" doc:"what it asks of the other side: interface, security, privacy, duties, notification, subcontractors, residence, return"`
}

// Control is a measure that makes moves harder.
type Control struct {
	Entity   `yaml:",inline"`
	Catalog  string   `yaml:"catalog" doc:"identifier in 800-53 or D3FEND, e.g. IA-2(1), D3-MFA"`
	On       []string `yaml:"on" need:"true" doc:"identifiers of the entities whose edges it hardens"`
	Effect   string   `yaml:"effect" enum:"weak medium strong blocks" doc:"bands by which it lowers the chance of a move: 1, 2, 3, all"`
	Detects  bool     `yaml:"detects" doc:"it also shows us the move"`
	Cost     int      `yaml:"cost" min:"0" doc:"relative cost, e.g. person days"`
	State    string   `yaml:"state" enum:"planned in-place" doc:"planned controls are candidates"`
	Evidence string   `yaml:"evidence" doc:"where it is shown to work"`
	Checked  Date     `yaml:"checked" doc:"day that was last shown"`
}

// Knowledge is a document, diagram or feed that tells how we are built.
type Knowledge struct {
	Entity    `yaml:",inline"`
	System    string   `yaml:"system" ref:"systems" doc:"where it lies"`
	Describes []string `yaml:"describes" doc:"identifiers of what it tells about"`
	Kind      string   `yaml:"kind" enum:"architecture weak-points plans monitoring tickets bill-of-materials" doc:"what one learns"`
	Readers   []string `yaml:"readers" ref:"roles vendors" doc:"who may read it"`
}

// Technology is a candidate on the watch list.
type Technology struct {
	Entity   `yaml:",inline"`
	Vendor   string   `yaml:"vendor" ref:"vendors" doc:"who offers it"`
	Claims   []string `yaml:"claims" doc:"what it is said to do"`
	WouldSee []string `yaml:"would_see" doc:"identifiers of what it would get to see"`
	Pilot    string   `yaml:"pilot" doc:"what was tried and where"`
	Result   string   `yaml:"result" doc:"outcome of its review"`
	Covers   []string `yaml:"covers" doc:"ATT&CK techniques or controls it would add"`
}

// Attestation is somebody's word, on a day, that a control is kept.
type Attestation struct {
	Entity  `yaml:",inline"`
	Control string `yaml:"control" need:"true" doc:"check or control it is about, e.g. AU-6"`
	About   string `yaml:"about" doc:"identifier of what it is about; empty for the whole organisation"`
	By      string `yaml:"by" need:"true" ref:"roles units vendors" doc:"role that attests"`
	On      Date   `yaml:"on" need:"true" doc:"day"`
	Until   Date   `yaml:"until" need:"true" doc:"day it lapses"`
}

// Waiver accepts a finding for a time.
type Waiver struct {
	Entity  `yaml:",inline"`
	Check   string   `yaml:"check" need:"true" doc:"identifier of the check"`
	On      string   `yaml:"on" need:"true" doc:"identifier of the entity"`
	Reason  string   `yaml:"reason" need:"true" doc:"why it is accepted"`
	Signed  []string `yaml:"signed" ref:"roles" doc:"the two roles that signed"`
	Expires Date     `yaml:"expires" need:"true" doc:"last day it holds"`
}

// Proposal is a change that is up for review; the folder it is written in holds
// the entities it adds or replaces.
type Proposal struct {
	Entity       `yaml:",inline"`
	Kind         string   `yaml:"kind" need:"true" enum:"procurement integration data-expansion" doc:"what is proposed"`
	Requester    string   `yaml:"requester" ref:"roles units" doc:"who asks"`
	Summary      string   `yaml:"summary" doc:"what it is for"`
	Removes      []string `yaml:"removes" doc:"identifiers of entities that would go"`
	Alternatives []string `yaml:"alternatives" doc:"ways to reach the purpose without it"`
}
