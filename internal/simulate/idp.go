package simulate

import "time"

// idpLogs are the logs of the identity provider: objects of Microsoft Graph's
// signIn and directoryAudit resources.
type idpLogs struct {
	signin, audit *stream
	tenant        string
	d             dice
}

func (w *world) openCloud() {
	w.idp = idpLogs{
		signin: w.out.stream("idp/signin-", ".ndjson"),
		audit:  w.out.stream("idp/audit-", ".ndjson"), d: w.dice("idp"),
	}
	w.idp.tenant = guid(w.idp.d)
	w.mdm = mdmLog{events: w.out.stream("mdm/events-", ".ndjson"), d: w.dice("mdm")}
}

// place is where a sign-in comes from; countries use user-assigned ISO codes.
type place struct {
	city, state, country string
	latitude, longitude  int64 // whole degrees
}

var (
	placeHome   = place{cityAtHome, "Verity Coast", "XH", 12, -40}
	placeTravel = place{"Sandmere", "Northreach", "XN", 44, 21}
	placeFar    = place{"Quellmark", "Ostergate", "XQ", -31, 77}
)

// signin is one sign-in at the identity provider.
type signin struct {
	p         *person
	app       string
	ip        string
	at        place
	device    *phone // nil for the person's workstation
	unknown   bool   // neither: an unregistered device
	mfa       string // method detail, "" when satisfied by claim
	fail      string // reason, "" for success
	code      int64  // of the failure
	client    string // clientAppUsed
	federated bool   // answered by a federated identity provider
	session   string // correlation identifier, chosen when empty
	trace     *Trace
}

// egress is the public address of the office.
const egress = "192.0.2.5"

func (w *world) signIn(t time.Duration, s signin) {
	d := w.idp.d
	if s.client == "" {
		s.client = "Browser"
	}
	if s.session == "" {
		s.session = guid(d)
	}
	o := openObject(w.out.buffer())
	o.str("id", guid(d))
	o.str("createdDateTime", w.clock(t).Format("2006-01-02T15:04:05.000Z"))
	o.str("userDisplayName", s.p.display())
	o.str("userPrincipalName", s.p.upn())
	o.str("userId", s.p.id)
	o.str("appId", guid(newDice(w.cfg.Seed, "app/"+s.app)))
	o.str("appDisplayName", s.app)
	o.str("ipAddress", s.ip)
	o.str("clientAppUsed", s.client)
	o.str("correlationId", s.session)
	o.str("conditionalAccessStatus", map[bool]string{true: "success", false: "failure"}[s.fail == ""])
	o.bool("isInteractive", s.mfa != "" || s.fail != "")
	o.str("tokenIssuerType",
		map[bool]string{true: "ADFederationServices", false: "AzureAD"}[s.federated])
	o.str("authenticationRequirement", "multiFactorAuthentication")
	o.str("resourceDisplayName", s.app)
	o.str("riskLevelDuringSignIn", "none")
	o.sub("status", func(o *object) {
		o.num("errorCode", s.code)
		o.str("failureReason", orOther(s.fail))
		o.str("additionalDetails", orOther(s.mfa))
	})
	o.sub("deviceDetail", func(o *object) { s.deviceDetail(w, o) })
	o.sub("location", func(o *object) {
		o.str("city", s.at.city)
		o.str("state", s.at.state)
		o.str("countryOrRegion", s.at.country)
		o.sub("geoCoordinates", func(o *object) {
			o.num("latitude", s.at.latitude)
			o.num("longitude", s.at.longitude)
		})
	})
	w.addCloud(w.idp.signin, t, o, s.trace)
}

func orOther(s string) string {
	if s == "" {
		return "Other."
	}
	return s
}

func (s *signin) deviceDetail(w *world, o *object) {
	switch {
	case s.unknown:
		o.str("deviceId", "")
		o.str("displayName", "")
		o.str("operatingSystem", "Windows10")
		o.str("browser", "Chrome 130.0.0")
		o.bool("isCompliant", false)
		o.bool("isManaged", false)
		o.str("trustType", "")
	case s.device != nil:
		o.str("deviceId", s.device.id)
		o.str("displayName", s.device.name)
		o.str("operatingSystem", s.device.system)
		o.str("browser", "Mobile Safari")
		o.bool("isCompliant", s.device.compliant)
		o.bool("isManaged", true)
		o.str("trustType", "Azure AD registered")
	default:
		o.str("deviceId", guid(newDice(w.cfg.Seed, "device/"+s.p.host.name)))
		o.str("displayName", s.p.host.name)
		o.str("operatingSystem", "Windows11")
		o.str("browser", "Edge 131.0.2903")
		o.bool("isCompliant", true)
		o.bool("isManaged", true)
		o.str("trustType", "Hybrid Azure AD joined")
	}
}

func (w *world) addCloud(to *stream, t time.Duration, o object, trace *Trace) {
	w.out.add(t, record{
		to: to, line: o.line(), time: t.Truncate(time.Millisecond),
		traces: [2]*Trace{trace},
	})
}

// change is one change in the directory.
type change struct {
	by       *person
	ip       string
	activity string // activityDisplayName
	category string
	kind     string // type of the target
	target   string // its display name
	property string
	old, new string // as JSON texts
	session  string
	trace    *Trace
}

func (w *world) directory(t time.Duration, c change) {
	d := w.idp.d
	if c.session == "" {
		c.session = guid(d)
	}
	o := openObject(w.out.buffer())
	o.str("id", "Directory_"+c.session+"_"+decimal(d.between(10_000_000, 99_999_999)))
	o.str("category", c.category)
	o.str("correlationId", c.session)
	o.str("result", "success")
	o.str("resultReason", "")
	o.str("activityDisplayName", c.activity)
	o.str("activityDateTime", w.clock(t).Format("2006-01-02T15:04:05.000Z"))
	o.str("loggedByService", "Core Directory")
	o.str("operationType", "Update")
	o.sub("initiatedBy", func(o *object) {
		o.sub("user", func(o *object) {
			o.str("id", c.by.id)
			o.str("displayName", c.by.display())
			o.str("userPrincipalName", c.by.upn())
			o.str("ipAddress", c.ip)
		})
	})
	o.key("targetResources")
	o.b = append(o.b, '[', '{')
	o.str("id", guid(newDice(w.cfg.Seed, "target/"+c.target)))
	o.str("displayName", c.target)
	o.str("type", c.kind)
	o.key("modifiedProperties")
	o.b = append(o.b, '[', '{')
	o.str("displayName", c.property)
	o.str("oldValue", c.old)
	o.str("newValue", c.new)
	o.b = append(o.b, "}]}]"...)
	w.addCloud(w.idp.audit, t, o, c.trace)
}
