package simulate

import (
	"strings"
	"time"
)

// networkLogon is a session on a server that was opened over the network.
type networkLogon struct {
	s      *session // on the server
	ip     string   // of the client
	port   uint16
	guid   string // shared by the ticket and both logon records
	until  time.Duration
	shares map[string]bool
}

// origin is what event 4624 says about where a logon comes from.
type origin struct {
	process     *process // local process that asked, nil for none
	ip          string
	port        string
	guid        string
	workstation string
	logonProc   string
	pkg         string
}

// newSession opens a session on the actor's host without a record.
func (a *actor) newSession(who *account, kind int) *session {
	s := &session{
		host: a.h, who: who, luid: a.h.nextLUID(), kind: kind, started: a.t,
		token: tokenLimited, level: "Medium",
	}
	switch {
	case kind == 2 || kind == 10 || kind == 11:
		s.terminal = 1
	case who.admin:
		s.token, s.level = tokenFull, "High"
	}
	if !who.admin {
		s.token = tokenFull
	}
	return s
}

// logLogon writes event 4624, and 4672 for an administrator's token.
func (a *actor) logLogon(s *session, from origin) {
	subject := (&session{who: &account{name: "-", domain: "-", sid: "S-1-0-0"}}).subject()
	pid, name := "0x0", "-"
	if from.process != nil {
		subject = a.h.system.subject()
		pid, name = hexID(uint64(from.process.pid)), from.process.image
	}
	elevated := "%%1843"
	if s.level == "High" || s.level == "System" {
		elevated = "%%1842"
	}
	domain := s.who.domain
	if from.pkg == "Kerberos" {
		domain = realm
	}
	a.security(4624, 12544, "Logon", subject, []string{
		"TargetUserSid", s.who.sid, "TargetUserName", s.who.name, "TargetDomainName", domain,
		"TargetLogonId", hexID(s.luid), "LogonType", decimal(s.kind),
		"LogonProcessName", from.logonProc, "AuthenticationPackageName", from.pkg,
		"WorkstationName", from.workstation, "LogonGuid", from.guid, "TransmittedServices", "-",
		"LmPackageName", "-", "KeyLength", "0", "ProcessId", pid, "ProcessName", name,
		"IpAddress", from.ip, "IpPort", from.port, "ImpersonationLevel", "%%1833",
		"RestrictedAdminMode", "-", "TargetOutboundUserName", "-",
		"TargetOutboundDomainName", "-", "VirtualAccount", "%%1843",
		"TargetLinkedLogonId", hexID(s.linked), "ElevatedToken", elevated,
	})
	if elevated == "%%1842" {
		a.security(4672, 12548, "Special Logon", s.subject(),
			[]string{"PrivilegeList", privileges})
	}
}

// logLogoff writes event 4634.
func (a *actor) logLogoff(s *session) {
	a.security(4634, 12545, "Logoff", []string{
		"TargetUserSid", s.who.sid, "TargetUserName", s.who.name,
		"TargetDomainName", s.who.domain, "TargetLogonId", hexID(s.luid),
		"LogonType", decimal(s.kind),
	})
}

// kerberos opens a connection to the domain controller and returns its port.
func (a *actor) kerberos(dc *host) *conn {
	c := &conn{
		proto: "tcp", from: a.h.ip, fromPort: a.h.nextPort(), to: dc.ip, toPort: 88,
		service: "krb_tcp", start: a.t, duration: a.d.span(3*time.Millisecond, 40*time.Millisecond),
		sent: int64(a.d.between(1400, 1900)), received: int64(a.d.between(1500, 2000)),
	}
	a.w.logConn(c, a.trace)
	a.tick()
	return c
}

// grantingTicket writes event 4768 on the domain controller.
func (a *actor) grantingTicket(who *account) {
	dc := a.w.controller(a.h)
	c := a.kerberos(dc)
	a.on(dc).security(4768, 14339, "Kerberos Authentication Service", []string{
		"TargetUserName", who.name, "TargetDomainName", realm, "TargetSid", who.sid,
		"ServiceName", "krbtgt", "ServiceSid", domainSID + "-502", "TicketOptions", "0x40810010",
		"Status", "0x0", "TicketEncryptionType", "0x12", "PreAuthType", "2",
		"IpAddress", "::ffff:" + c.from, "IpPort", decimal(c.fromPort),
		"CertIssuerName", "", "CertSerialNumber", "", "CertThumbprint", "",
	})
}

// ticket writes event 4769 on the domain controller and returns the logon
// GUID that the server's logon record will show.
func (a *actor) ticket(who *account, server *host) string {
	dc := a.w.controller(a.h)
	c := a.kerberos(dc)
	id := "{" + guid(a.d) + "}"
	a.on(dc).security(4769, 14337, "Kerberos Service Ticket Operations", []string{
		"TargetUserName", who.name + "@" + realm, "TargetDomainName", realm,
		"ServiceName", server.name + "$", "ServiceSid", server.account.sid,
		"TicketOptions", "0x40810000", "TicketEncryptionType", "0x12",
		"IpAddress", "::ffff:" + c.from, "IpPort", decimal(c.fromPort), "Status", "0x0",
		"LogonGuid", id, "TransmittedServices", "-",
	})
	return id
}

// reach returns the account's SMB logon on server from the actor's host: the
// open one, or a new one with its ticket, connection and records.
func (a *actor) reach(who *account, server *host) *networkLogon {
	key := who.name + ">" + server.name
	if n := a.h.tickets[key]; n != nil && n.until > a.t+time.Minute {
		return n
	}
	n := a.openSMB(who, server, a.ticket(who, server), a.d.span(9*time.Minute, 25*time.Minute),
		volume{int64(a.d.between(20_000, 400_000)), int64(a.d.between(80_000, 30_000_000)), 0})
	a.h.tickets[key] = n
	return n
}

// openSMB connects to the server's file service and logs on there with the
// ticket of the given logon GUID, for as long as hold.
func (a *actor) openSMB(who *account, server *host, id string, hold time.Duration, v volume,
) *networkLogon {
	v.lasts = hold
	to := server.target(445, "gssapi,smb")
	c := a.connect(a.h.procs["system"], to, v)
	return a.networkLogon(who, server, c, id, hold)
}

// networkLogon writes the server's side of a logon over connection c.
func (a *actor) networkLogon(who *account, server *host, c *conn, id string, hold time.Duration,
) *networkLogon {
	b := a.on(server)
	b.tick()
	s := b.newSession(who, 3)
	n := &networkLogon{
		s: s, ip: c.from, port: c.fromPort, guid: id, until: a.t + hold,
		shares: map[string]bool{},
	}
	b.logLogon(s, origin{
		ip: c.from, port: decimal(c.fromPort), guid: id, workstation: "-",
		logonProc: "Kerberos", pkg: "Kerberos",
	})
	at := n.until
	a.w.at(at, func() { (&actor{w: a.w, h: server, t: at, d: a.d}).logLogoff(s) })
	return n
}

// openShare connects a share once per logon.
func (a *actor) openShare(n *networkLogon, share, local string) {
	if n.shares[share] {
		return
	}
	n.shares[share] = true
	b := a.on(n.s.host)
	b.tick()
	b.shareAccess(n, share, local)
}

// explicitLogon writes event 4648: process p uses the account who at server.
func (a *actor) explicitLogon(p *process, who *account, server *host, info, id string) {
	a.security(4648, 12544, "Logon", p.s.subject(), []string{
		"LogonGuid", noGUID, "TargetUserName", who.name, "TargetDomainName", realm,
		"TargetLogonGuid", id, "TargetServerName", strings.ToLower(server.fqdn),
		"TargetInfo", info, "ProcessId", hexID(uint64(p.pid)), "ProcessName", p.image,
		"IpAddress", "-", "IpPort", "-",
	})
}

// failedLogon writes event 4625 for an attempt over connection c.
func (a *actor) failedLogon(name string, c *conn, workstation string) {
	a.security(4625, 12544, "Logon",
		(&session{who: &account{name: "-", domain: "-", sid: "S-1-0-0"}}).subject(), []string{
			"TargetUserSid", "S-1-0-0", "TargetUserName", name, "TargetDomainName", netbios,
			"Status", "0xc000006d", "FailureReason", "%%2313", "SubStatus", "0xc000006a",
			"LogonType", "3", "LogonProcessName", "NtLmSsp ",
			"AuthenticationPackageName", "NTLM", "WorkstationName", workstation,
			"TransmittedServices", "-", "LmPackageName", "-", "KeyLength", "0",
			"ProcessId", "0x0", "ProcessName", "-", "IpAddress", c.from,
			"IpPort", decimal(c.fromPort),
		})
}
