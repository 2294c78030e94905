package simulate

import "time"

// mdmLog is the event log of the device manager, in the shape of Intune's
// diagnostic log export.
type mdmLog struct {
	events *stream
	d      dice
}

// phone is a managed mobile device.
type phone struct {
	id, name, serial, model string
	system, version         string
	compliant               bool
	owner                   *person
}

// furnish gives most people a managed phone.
func (w *world) furnish() {
	d := w.mdm.d
	for _, p := range w.people {
		if !d.chance(0.8) && p.dept.name != "Inspections" {
			continue
		}
		p.phone = newPhone(d, p)
	}
}

func newPhone(d dice, p *person) *phone {
	ph := &phone{id: guid(d), owner: p, compliant: true, serial: ""}
	for range 10 {
		ph.serial += string("BCDFGHJKLMNPQRSTVWXYZ0123456789"[d.IntN(31)])
	}
	if d.chance(0.6) {
		ph.system, ph.version, ph.model = "iOS", "18.1", "Phone 15"
	} else {
		ph.system, ph.version, ph.model = "Android", "15", "Slate 8"
	}
	ph.name = p.account.name + "_" + ph.system
	return ph
}

// mdmEvent is one event about a device.
type mdmEvent struct {
	ph        *phone
	category  string // AuditLogs, OperationalLogs or DeviceComplianceOrg
	operation string
	result    string // Success when empty
	details   []string
	trace     *Trace
}

func (w *world) device(t time.Duration, e mdmEvent) {
	if e.result == "" {
		e.result = "Success"
	}
	p := e.ph.owner
	o := openObject(w.out.buffer())
	o.str("time", w.clock(t).Format("2006-01-02T15:04:05.0000000Z"))
	o.str("tenantId", w.idp.tenant)
	o.str("category", e.category)
	o.str("operationName", e.operation)
	o.str("resultType", e.result)
	o.str("identity", p.upn())
	o.sub("properties", func(o *object) {
		o.str("DeviceId", e.ph.id)
		o.str("DeviceName", e.ph.name)
		o.str("SerialNumber", e.ph.serial)
		o.str("DeviceOperatingSystem", e.ph.system)
		o.str("DeviceOsVersion", e.ph.version)
		o.str("DeviceModel", e.ph.model)
		o.str("UserId", p.id)
		o.str("UserName", p.upn())
		o.str("UserDisplayName", p.display())
		o.pairs(e.details)
	})
	w.addCloud(w.mdm.events, t, o, e.trace)
}

// checkIn reports a device's state to the device manager.
func (w *world) checkIn(t time.Duration, ph *phone, trace *Trace) {
	state := "Compliant"
	if !ph.compliant {
		state = "NonCompliant"
	}
	w.device(t, mdmEvent{
		ph: ph, category: "OperationalLogs", operation: "CheckIn", trace: trace,
		details: []string{
			"ComplianceState", state, "JailBroken", "False",
			"EncryptionState", "Encrypted", "ManagementAgent", "mdm",
		},
	})
}

// planPhones schedules the day of all phones.
func (w *world) planPhones(day time.Duration) {
	d := w.mdm.d
	for _, p := range w.people {
		if p.phone == nil {
			continue
		}
		ph := p.phone
		at := day + d.span(5*time.Hour, 8*time.Hour)
		for ; at < day+23*time.Hour; at += d.span(3*time.Hour, 7*time.Hour) {
			w.at(at, func() { w.glance(ph, d) })
		}
		if d.chance(0.25) {
			w.at(day+d.span(8*time.Hour, 20*time.Hour), func() {
				w.device(w.now, mdmEvent{
					ph: ph, category: "OperationalLogs", operation: "AppInstall",
					details: []string{"AppName", pick(d, []string{
						"Parley Mobile", "Tide Tables",
						"Harbor Inspect", "Vault Authenticator",
					}), "AppVersion", "6.2"},
				})
			})
		}
	}
}

// glance is a look at the phone: it reports in and its mail program renews its
// sign-in.
func (w *world) glance(ph *phone, d dice) {
	w.checkIn(w.now, ph, nil)
	if d.chance(0.5) {
		w.signIn(w.now+d.span(time.Second, time.Minute), signin{
			p: ph.owner, app: "Mail",
			ip: ph.owner.remote, at: placeHome, device: ph, client: "Mobile Apps and Desktop clients",
		})
	}
}
