package simulate

import (
	"fmt"
	"time"
)

// planBackground starts what computers do by themselves.
func (w *world) planBackground() {
	for _, h := range w.hosts {
		d := w.dice("background/" + h.name)
		if h.kind == linuxServer {
			w.planLinux(h, d)
			continue
		}
		mean := 85 * time.Minute
		if h.kind == windowsServer {
			mean = 40 * time.Minute
		}
		w.every(mean, d, func(t time.Duration) {
			if h.up {
				a := w.actor(h, t)
				a.d = d
				a.chore()
			}
		})
		w.every(6*time.Hour, d, func(t time.Duration) { w.refreshPolicy(h, t, d) })
	}
	w.every(6*time.Minute, w.dice("visitors"), w.visitWebsite)
	w.every(11*time.Minute, w.dice("knocking"), w.guessPasswords)
	w.daily(23*time.Hour, 5*time.Minute, "backup", w.backup)
}

// chore is one routine act of Windows.
func (a *actor) chore() {
	p := a.h.procs
	switch a.d.IntN(10) {
	case 0, 1:
		a.connect(p["agent"], a.w.server("HA-MGT01").target(8443, "ssl"), a.page())
	case 2:
		a.open(p["winmgmt"], p["lsass"], "0x1000", traceLinked)
		a.exitAfter(a.as(a.h.network).spawn(p["dcom"], `C:\Windows\System32\wbem\WmiPrvSE.exe`,
			`C:\Windows\system32\wbem\wmiprvse.exe -secured -Embedding`),
			a.d.span(time.Minute, 9*time.Minute))
	case 3:
		a.connect(p["update"], webTarget("update.platform.example"), a.page())
		a.setValue(p["update"],
			`HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\LastCheck`,
			a.w.clock(a.t).Format(eventTime))
	case 4:
		a.run(p["schedule"], sys32("taskhostw.exe"), "taskhostw.exe Install $(Arg0)", 4*time.Minute)
	case 5:
		a.write(p["events"], fmt.Sprintf(`C:\Windows\Prefetch\APP-%08X.pf`, a.d.Uint32()))
		a.createKey(p["profiles"],
			`HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList\Sessions`)
	case 6:
		a.tick()
		a.serviceState("Software Protection", "running")
		a.exitAfter(a.as(a.h.network).spawn(p["services"], sys32("sppsvc.exe"),
			`C:\Windows\system32\sppsvc.exe`),
			a.d.span(30*time.Second, 3*time.Minute))
	case 7:
		a.open(p["csrss"], p["agent"], "0x1400", traceLinked)
		a.setValue(p["dnscache"],
			`HKLM\System\CurrentControlSet\Services\Tcpip\Parameters\DhcpDomain`, dnsDomain)
	case 8:
		a.pipe(p["agent"], 17, fmt.Sprintf(`\steward-%d`, a.d.between(1000, 9000)))
		a.run(p["agent"], `C:\Program Files\Harbor Agency\Steward\inventory.exe`,
			`"inventory.exe" --delta`, time.Minute)
	case 9:
		a.load(p["schedule"], sys32("taskschd.dll"))
		a.load(p["winmgmt"], sys32(`wbem\fastprox.dll`))
	}
}

// refreshPolicy reads group policy from a domain controller with the
// computer's own account.
func (w *world) refreshPolicy(h *host, t time.Duration, d dice) {
	dc := w.controller(h)
	if !h.up || dc == h {
		return
	}
	a := w.actor(h, t)
	a.d = d
	n := a.reach(h.account, dc)
	a.openShare(n, "SYSVOL", `C:\Windows\SYSVOL\sysvol`)
	a.tick()
	a.on(dc).shareFile(n, "SYSVOL", `C:\Windows\SYSVOL\sysvol`,
		dnsDomain+`\Policies\{31B2F340-016D-11D2-945F-00C04FB984F9}\gpt.ini`, maskRead)
}

// planLinux starts the cron jobs of a Linux host.
func (w *world) planLinux(h *host, d dice) {
	w.every(time.Hour, d, func(t time.Duration) {
		job := pick(d, [][]string{
			{"/usr/sbin/logrotate", "logrotate", "/etc/logrotate.conf"},
			{"/bin/sh", "/bin/sh", "-c", "cd / && run-parts --report /etc/cron.hourly"},
			{"/usr/bin/find", "find", "/var/lib/php/sessions", "-cmin", "+24", "-delete"},
			{"/usr/lib/sysstat/sa1", "/usr/lib/sysstat/sa1", "1", "1"},
		})
		w.cron(h, t, job[0], job[1:]...)
	})
	if h.role == "database" {
		w.daily(2*time.Hour, time.Minute, "dump", func(t time.Duration) {
			w.cron(h, t, "/usr/bin/pg_dump", "pg_dump", "-Fc", "-f",
				"/var/backups/crew_vetting.dump", "crew_vetting")
		})
	}
}

// visitWebsite is a visit of the public to the agency's website.
func (w *world) visitWebsite(t time.Duration) {
	hour := int(t/time.Hour) % 24
	if hour < 6 && w.zeek.d.chance(0.7) {
		return
	}
	h := w.server([]string{"ha-web01", "ha-web02"}[w.zeek.d.IntN(2)])
	c := &conn{
		proto: "tcp", from: "203.0.113." + decimal(w.zeek.d.between(3, 250)),
		fromPort: uint16(w.zeek.d.between(20_000, 65_000)), to: h.ip, toPort: 80, service: "http",
		start: t, duration: w.zeek.d.span(time.Second, 30*time.Second),
		sent: int64(w.zeek.d.between(400, 3000)), received: int64(w.zeek.d.between(4_000, 300_000)),
	}
	w.logConn(c, nil)
	uri := pick(w.zeek.d, []string{"/", "/permits/status", "/forms/berth.pdf", "/contact", "/tides"})
	status, body := 200, c.received
	if w.zeek.d.chance(0.05) {
		uri, status, body = "/wp-login.php", 404, 162
	}
	w.http(c, request{"GET", "www." + dnsDomain, uri, edgeAgent, "text/html", status, 0, body}, nil)
}

// guessPasswords is the usual noise at the SSH gateway.
func (w *world) guessPasswords(t time.Duration) {
	h, d := w.server("ha-gw01"), w.zeek.d
	c := &conn{
		proto: "tcp", from: "203.0.113." + decimal(d.between(3, 250)),
		fromPort: uint16(d.between(20_000, 65_000)), to: h.ip, toPort: 22, service: "ssh",
		start: t, duration: 3 * time.Second, sent: 1800, received: 2400,
	}
	w.logConn(c, nil)
	name := pick(d, []string{"root", "admin", "oracle", "test", "ubuntu", "git", "pi"})
	w.knock(h, c, name, name == "root", nil)
}

// backup copies the file servers every night: the backup account reads
// hundreds of files in a few minutes.
func (w *world) backup(t time.Duration) {
	trace := w.key.lookalike("nightly backup", "T1039", "HA-FS01."+dnsDomain,
		"The backup server reads a large part of the departments' files over the network.")
	who := w.accounts["svc-backup"]
	for _, name := range []string{"HA-FS01", "HA-FS02"} {
		server := w.server(name)
		a := w.actor(w.server("HA-BKP01"), t)
		if !a.h.up || !server.up {
			continue
		}
		a.trace = trace
		engine := a.h.procs["backup"]
		id := a.ticket(who, server)
		a.explicitLogon(engine, who, server, "cifs/"+name, id)
		n := a.openSMB(who, server, id, 40*time.Minute,
			volume{30_000_000, int64(a.d.between(2_000_000_000, 9_000_000_000)), 0})
		a.openShare(n, "D$", `D:\`)
		for i := range 90 {
			a.wait(time.Second, 14*time.Second)
			file := paper(departments[i%len(departments)].folder, i*17+int(t/time.Hour))
			a.on(server).shareFile(n, "D$", `D:\`, `Shares\Departments\`+file, maskRead)
		}
		a.write(engine, fmt.Sprintf(`E:\Vault\%s-%s.kvb`, name, w.clock(t).Format(time.DateOnly)))
		t += 45 * time.Minute
	}
}
