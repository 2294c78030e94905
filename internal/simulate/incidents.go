package simulate

import "time"

// planSideIncidents schedules the smaller incidents.
func (w *world) planSideIncidents(days []int) {
	late := days[min(3, len(days)-1)]
	midnight := time.Duration(late) * 24 * time.Hour
	d := w.dice("side incidents")
	w.at(midnight+12*time.Hour+d.span(0, 40*time.Minute), func() { w.addTrust(d) })
	early := time.Duration(days[0]) * 24 * time.Hour
	w.at(early+17*time.Hour+d.span(0, 30*time.Minute), func() { w.tamper(d) })
}

// addTrust: a stolen browser session of an administrator makes the identity
// provider trust a foreign one, which then vouches for another user.
func (w *world) addTrust(d dice) {
	in := w.key.incident("federation trust", "A stolen session of an identity administrator adds a "+
		"federated trust, through which somebody signs in as a finance user.")
	admin, target := w.member("Information Technology", 2), w.member("Finance", 1)
	const ip = "198.51.100.251"
	session := guid(d)
	t := w.now
	w.signIn(t, signin{
		p: admin, app: "Directory Portal", ip: ip, at: placeFar, unknown: true,
		session: session, trace: in.step("T1539", "credential-access", "",
			"An administrator's session is used from an unregistered device far away, "+
				"without a new second factor."),
	})
	t += d.span(4*time.Minute, 9*time.Minute)
	step := in.step("T1484.002", "defense-evasion", "",
		"The session adds a domain and sets it to federated authentication with a foreign issuer.")
	w.directory(t, change{
		by: admin, ip: ip, activity: "Add unverified domain", category: "DirectoryManagement",
		kind: "Domain", target: "id.coastalmirror.example", property: "Name", old: "[]",
		new: `["id.coastalmirror.example"]`, session: session, trace: step,
	})
	t += d.span(time.Minute, 4*time.Minute)
	w.directory(t, change{
		by: admin, ip: ip, activity: "Set domain authentication", category: "DirectoryManagement",
		kind: "Domain", target: "id.coastalmirror.example", property: "LiveType",
		old: `["Managed"]`, new: `["Federated"]`, session: session, trace: step,
	})
	t += 20 * time.Second
	w.directory(t, change{
		by: admin, ip: ip, activity: "Set federation settings on domain",
		category: "DirectoryManagement", kind: "Domain", target: "id.coastalmirror.example",
		property: "IssuerUri", old: "[]", new: `["http://id.coastalmirror.example/trust"]`,
		session: session, trace: step,
	})
	t += d.span(6*time.Minute, 15*time.Minute)
	w.signIn(t, signin{
		p: target, app: "Ledger Cloud", ip: ip, at: placeFar, unknown: true,
		federated: true, trace: in.step("T1606.002", "credential-access", "",
			"The foreign issuer vouches for a finance user, who signs in from the same address."),
	})
}

// tamper: a phone is opened up, hides it, and is replaced by another one.
func (w *world) tamper(d dice) {
	p := w.member("Inspections", 0)
	in := w.key.incident("device tampering", "An inspector's phone is jailbroken, its protection is "+
		"switched off, and an unknown device is enrolled with the inspector's account.")
	t := w.now
	p.phone.compliant = false
	w.device(t, mdmEvent{
		ph: p.phone, category: "DeviceComplianceOrg", operation: "ComplianceChange",
		details: []string{
			"ComplianceState", "NonCompliant", "JailBroken", "True",
			"Reason", "DeviceIsJailbrokenOrRooted",
		},
		trace: in.step("T1404", "privilege-escalation", "",
			"The device manager finds a phone jailbroken."),
	})
	t += d.span(5*time.Minute, 20*time.Minute)
	w.device(t, mdmEvent{
		ph: p.phone, category: "OperationalLogs", operation: "RemoveManagementProfile",
		details: []string{"InitiatedBy", "User", "ManagementAgent", "mdm"},
		trace: in.step("T1629.003", "defense-evasion", "",
			"The management profile is removed on the phone itself."),
	})
	t += d.span(10*time.Minute, 30*time.Minute)
	other := newPhone(d, p)
	step := in.step("T1098.005", "persistence", "",
		"A device of another make is enrolled with the same account and reads mail.")
	w.device(t, mdmEvent{
		ph: other, category: "OperationalLogs", operation: "Enrollment",
		details: []string{"EnrollmentType", "UserEnrollment", "ManagementAgent", "mdm"}, trace: step,
	})
	t += d.span(time.Minute, 5*time.Minute)
	w.signIn(t, signin{
		p: p, app: "Mail", ip: "203.0.113.14", at: placeFar, device: other,
		client: "Mobile Apps and Desktop clients", mfa: "MFA completed in Authenticator", trace: step,
	})
}
