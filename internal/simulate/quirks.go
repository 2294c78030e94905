package simulate

import (
	"encoding/base64"
	"fmt"
	"time"
	"unicode/utf16"
)

func (w *world) tour(p *person, trace *Trace) {
	for i, name := range []string{"HA-APP02", "HA-FS01", "HA-SQL01"} {
		at, s := w.now+time.Duration(i)*16*time.Minute, p.s
		w.at(at, func() {
			if p.s == s && p.host.up {
				w.traced(p, trace).inspect(p, w.server(name))
			}
		})
	}
}

func (w *world) travel(p *person, trace *Trace) {
	trace.Host = ""
	w.signIn(w.now, signin{
		p: p, app: "Office Suite", ip: "203.0.113.9", at: placeTravel,
		mfa: "MFA completed in Authenticator", trace: trace,
	})
	w.signIn(w.now+3*time.Minute, signin{
		p: p, app: "Mail", ip: "203.0.113.9", at: placeTravel,
		device: p.phone, client: "Mobile Apps and Desktop clients", trace: trace,
	})
}

func (w *world) copyPictures(p *person, trace *Trace) {
	a := w.traced(p, trace)
	serial := fmt.Sprintf("%012X", a.d.Uint64()&0xffffffffffff)
	a.security(6416, 13316, "Plug and Play Events", a.h.system.subject(), []string{
		"DeviceId", `USBSTOR\Disk&Ven_Tern&Prod_Pocket&Rev_1.00\` + serial + "&0",
		"DeviceDescription", "Tern Pocket USB Device",
		"ClassId", "{4D36E967-E325-11CE-BFC1-08002BE10318}", "ClassName", "DiskDrive",
		"VendorIds", `USBSTOR\DiskTern`, "CompatibleIds", `USBSTOR\Disk`, "LocationInformation", "-",
	})
	a.wait(8*time.Second, 20*time.Second)
	for n := range a.d.between(50, 90) {
		a.wait(300*time.Millisecond, 2*time.Second)
		a.write(p.s.shell, fmt.Sprintf(`E:\Pictures\quay-%04d.jpg`, 4100+n))
	}
}

func (w *world) newColleague(p *person, trace *Trace) {
	dc := w.server("HA-DC01")
	trace.Host = dc.fqdn
	a := w.traced(p, trace)
	id := a.ticket(p.admin, dc)
	c := a.connect(a.start(p, "Console", ""), dc.target(389, "ldap_tcp"),
		volume{22_000, 180_000, 5 * time.Minute})
	n := a.networkLogon(p.admin, dc, c, id, 5*time.Minute)
	b := a.on(dc)
	b.wait(time.Minute, 2*time.Minute)
	fresh := w.account("nseaborne")
	b.security(4720, 13824, "User Account Management", []string{
		"TargetUserName", fresh.name,
		"TargetDomainName", netbios, "TargetSid", fresh.sid,
	}, n.s.subject(), []string{
		"PrivilegeList", "-",
		"SamAccountName", fresh.name, "DisplayName", "Nela Seaborne",
		"UserPrincipalName", fresh.name + "@" + dnsDomain, "PrimaryGroupId", "513",
	})
	b.wait(10*time.Second, 40*time.Second)
	b.security(4728, 13826, "Security Group Management", []string{
		"MemberName", "CN=Nela Seaborne,OU=Permits,OU=Staff,DC=harbor,DC=example",
		"MemberSid", fresh.sid, "TargetUserName", "GG-Permits-Read", "TargetDomainName", netbios,
		"TargetSid", domainSID + "-2215",
	}, n.s.subject(), []string{"PrivilegeList", "-"})
}

func (w *world) macroWorkbook(p *person, trace *Trace) {
	a := w.traced(p, trace)
	dir, name := a.saveAttachment(p, a.app(p, "Outlook"), "Port dues rates.xlsm")
	a.wait(3*time.Second, 10*time.Second)
	program := programs["Excel"]
	excel := a.spawn(a.app(p, "Outlook"), program.image(p), program.command(p, dir+name))
	a.load(excel, `C:\Program Files\Common Files\Microsoft Shared\VBA\VBA7.1\VBE7.DLL`)
	a.wait(10*time.Second, 30*time.Second)
	const rates = ` https://www.marketpage.example/rates.csv`
	cmd := a.spawn(excel, sys32("cmd.exe"), `cmd.exe /c curl -s -o "%TEMP%\rates.csv"`+rates)
	curl := a.spawn(cmd, sys32("curl.exe"),
		`curl -s -o "`+p.appData()+`\Local\Temp\rates.csv"`+rates)
	a.connect(curl, webTarget("www.marketpage.example"), a.page())
	a.write(curl, p.appData()+`\Local\Temp\rates.csv`)
	a.exit(curl)
	a.tick()
	a.exit(cmd)
	a.exitAfter(excel, 20*time.Minute)
}

func (w *world) selfUpdate(p *person, trace *Trace) {
	a := w.traced(p, trace)
	chat := a.app(p, "Parley")
	setup := p.appData() + `\Local\Parley\packages\ParleySetup-3.12.0.exe`
	a.connect(chat, webTarget("download.parley.example"), volume{2_000, 91_000_000, 40 * time.Second})
	a.write(chat, setup)
	a.wait(time.Second, 5*time.Second)
	install := a.spawn(chat, setup, `"`+setup+`" --silent --update`)
	a.write(install, p.appData()+`\Local\Parley\app-3.12.0\Parley.exe`)
	a.setValue(install, `HKU\`+p.account.sid+`\Software\Microsoft\Windows\CurrentVersion\Run\Parley`,
		`"`+p.appData()+`\Local\Parley\Update.exe" --processStart Parley.exe`)
	a.exitAfter(install, 20*time.Second)
}

func (w *world) upload(p *person, trace *Trace) {
	a := w.traced(p, trace)
	edge := a.app(p, "Edge")
	for range 2 {
		a.connect(edge, webTarget("transfer"+partnerSuffix), volume{
			int64(a.d.between(600_000_000, 1_500_000_000)),
			4_000_000, a.d.span(7*time.Minute, 15*time.Minute),
		})
		a.wait(time.Minute, 2*time.Minute)
	}
}

func (w *world) encodedCommand(_ *person, trace *Trace) {
	text := `Get-CimInstance Win32_QuickFixEngineering | ConvertTo-Json ` +
		`| Out-File C:\ProgramData\Steward\qfe.json`
	for _, h := range w.hosts {
		if h.kind != windowsServer || !h.up {
			continue
		}
		a := w.actor(h, w.now+h.d.span(0, 5*time.Minute))
		a.trace = trace
		ps := a.spawn(h.procs["agent"], powershell,
			"powershell.exe -NoProfile -NonInteractive -EncodedCommand "+encodeCommand(text))
		a.scriptBlock(ps, text, "")
		a.wait(2*time.Second, 10*time.Second)
		a.write(ps, `C:\ProgramData\Steward\qfe.json`)
		a.exit(ps)
	}
}

// encodeCommand is the form PowerShell's -EncodedCommand takes: base64 of
// UTF-16LE.
func encodeCommand(text string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return base64.StdEncoding.EncodeToString(b)
}

func (w *world) renewCertificate(p *person, trace *Trace) {
	trace.Host = ""
	session := guid(w.idp.d)
	w.signIn(w.now, signin{
		p: p, app: "Directory Portal", ip: egress, at: placeHome, session: session,
		mfa: "MFA completed in Authenticator", trace: trace,
	})
	w.directory(w.now+4*time.Minute, change{
		by: p, ip: egress, activity: "Set federation settings on domain",
		category: "DirectoryManagement", kind: "Domain", target: dnsDomain,
		property: "SigningCertificate",
		old:      `["thumbprint 41C0"]`, new: `["thumbprint 9AE7"]`, session: session, trace: trace,
	})
}

func (w *world) phoneUpdate(p *person, trace *Trace) {
	trace.Host = ""
	ph := p.phone
	if ph == nil {
		return
	}
	state := func(t time.Duration, compliant bool, reason string) {
		w.at(t, func() {
			ph.compliant = compliant
			text := map[bool]string{true: "Compliant", false: "NonCompliant"}[compliant]
			w.device(w.now, mdmEvent{
				ph: ph, category: "DeviceComplianceOrg", operation: "ComplianceChange",
				details: []string{"ComplianceState", text, "JailBroken", "False", "Reason", reason},
				trace:   trace,
			})
		})
	}
	state(w.now, false, "OsVersionTooLow")
	state(w.now+70*time.Minute, true, "None")
}

func (w *world) screenReader(p *person, trace *Trace) {
	a := w.traced(p, trace)
	image := `C:\Program Files\ReadAloud\ReadAloud.exe`
	reader := a.spawn(p.s.shell, image, `"`+image+`"`)
	a.open(reader, p.s.shell, "0x1F3FFF", traceLinked)
	a.inject(reader, p.s.shell, sys32("KERNEL32.DLL"), "LoadLibraryW")
	a.exitAfter(reader, a.d.span(time.Hour, 3*time.Hour))
}

func (w *world) quarterly(p *person, trace *Trace) {
	a := w.traced(p, trace)
	for n := range 110 {
		a.wait(4*time.Second, 25*time.Second)
		a.openPaper(p, paper(p.dept.folder, n*3), maskRead)
	}
}

func (w *world) cleanupTask(p *person, trace *Trace) {
	a := w.traced(p, trace)
	b, shell := a.elevate(p, p.admin, sys32("cmd.exe"), `"C:\Windows\System32\cmd.exe"`)
	b.tool(shell, `schtasks /create /tn "Harbor\Spool clean-up" `+
		`/tr "C:\Tools\spool-clean.cmd" /sc daily /st 05:00 /ru SYSTEM`)
	b.scheduleTask(shell.s, `\Harbor\Spool clean-up`, `C:\Tools\spool-clean.cmd`, "")
	b.wait(3*time.Second, 9*time.Second)
	b.exit(shell)
}
