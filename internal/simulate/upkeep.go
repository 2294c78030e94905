package simulate

import (
	"fmt"
	"time"
)

func (w *world) deploy(_ *person, trace *Trace) {
	who, source := w.accounts["svc-deploy"], w.server("HA-MGT01")
	trace.Host = source.fqdn
	a := w.actor(source, w.now)
	a.trace = trace
	w.place(`C:\Windows\StewardSetup.exe`, "inventory update 7.3")
	done := 0
	for _, h := range w.hosts {
		if done == 10 || h.kind != workstation {
			break
		}
		if h.up {
			done++
			a.deployTo(h, who)
			a.wait(5*time.Second, 40*time.Second)
		}
	}
}

func (a *actor) deployTo(h *host, who *account) {
	id := a.ticket(who, h)
	a.explicitLogon(a.h.procs["agent"], who, h, "cifs/"+h.serverName(), id)
	n := a.openSMB(who, h, id, 4*time.Minute, volume{8_400_000, 42_000, 0})
	a.openShare(n, "ADMIN$", `C:\Windows`)
	b := a.on(h)
	b.tick()
	b.shareFile(n, "ADMIN$", `C:\Windows`, "StewardSetup.exe", maskWrite)
	b.write(h.procs["system"], `C:\Windows\StewardSetup.exe`)
	b.wait(time.Second, 2*time.Second)
	b.shareFile(n, "IPC$", "", "svcctl", maskWrite)
	b.installService(n.s, service{"StewardSetup", `C:\Windows\StewardSetup.exe`, "demand start"}, nil)
	b.wait(200*time.Millisecond, time.Second)
	b.run(h.procs["services"], `C:\Windows\StewardSetup.exe`,
		`C:\Windows\StewardSetup.exe /quiet`, 2*time.Minute)
}

func (w *world) scan(_ *person, trace *Trace) {
	source, d := w.server("ha-scan01"), w.zeek.d
	trace.Host = source.fqdn
	t := w.now
	for _, h := range w.hosts {
		if h == source || h.kind != linuxServer && !h.up {
			continue
		}
		for _, port := range []uint16{22, 80, 443, 445, 3389, 8080} {
			t += d.span(10*time.Millisecond, 300*time.Millisecond)
			open := port == 445 && h.kind != linuxServer || port == 22 && h.kind == linuxServer
			c := &conn{
				proto: "tcp", from: source.ip, fromPort: source.nextPort(), to: h.ip, toPort: port,
				service: "-", start: t, duration: 20 * time.Millisecond, failed: !open,
			}
			if !open {
				w.logConn(c, trace)
				continue
			}
			c.sent, c.received = 1800, 2100
			w.logConn(c, trace)
			if h.kind == linuxServer {
				w.knock(h, c, "scanner", false, trace)
				continue
			}
			b := &actor{w: w, h: h, s: h.system, t: t + 30*time.Millisecond, d: d, trace: trace}
			b.failedLogon("svc-scan", c, "HA-SCAN01")
		}
	}
}

func (w *world) dumpSpooler(p *person, trace *Trace) {
	a := w.traced(p, trace)
	b, shell := a.elevate(p, p.admin, sys32("cmd.exe"), `"C:\Windows\System32\cmd.exe"`)
	spooler := a.h.procs["spooler"]
	tool := `C:\Tools\Sysinternals\procdump64.exe`
	dump := b.spawn(shell, tool,
		fmt.Sprintf(`procdump64.exe -accepteula -ma %d C:\Temp\spoolsv.dmp`, spooler.pid))
	b.open(dump, spooler, "0x1FFFFF", traceLinked+`|C:\Windows\System32\dbgcore.dll+6ed6`)
	b.write(dump, `C:\Temp\spoolsv.dmp`)
	b.wait(2*time.Second, 6*time.Second)
	b.exit(dump)
	b.wait(5*time.Second, 30*time.Second)
	b.exit(shell)
}

func (w *world) packLogs(p *person, trace *Trace) {
	server := w.server("HA-APP01")
	trace.Host = server.fqdn
	a := w.actor(server, w.now)
	a.trace = trace
	cmd := a.spawn(server.procs["agent"], sys32("cmd.exe"),
		`C:\Windows\system32\cmd.exe /c C:\Tools\rotate.cmd`)
	pack := a.spawn(cmd, `C:\Program Files\7-Zip\7z.exe`,
		`"C:\Program Files\7-Zip\7z.exe" a -t7z -mx5 D:\Archive\iis-w46.7z `+
			`C:\inetpub\logs\LogFiles\*.log`)
	a.write(pack, `D:\Archive\iis-w46.7z`)
	a.wait(time.Minute, 3*time.Minute)
	a.exit(pack)
	a.tick()
	a.exit(cmd)
}

func (w *world) scanMemory(_ *person, trace *Trace) {
	t := w.now
	for _, h := range w.hosts {
		if h.kind == linuxServer || !h.up {
			continue
		}
		t += h.d.span(100*time.Millisecond, 8*time.Second)
		a := w.actor(h, t)
		a.trace = trace
		a.open(h.procs["defender"], h.procs["lsass"], "0x1010", traceLinked)
	}
}

func (w *world) restartServers(_ *person, trace *Trace) {
	for i, name := range []string{"HA-PRT01", "HA-FS02"} {
		h := w.server(name)
		trace.Host = h.fqdn
		a := w.actor(h, w.now+time.Duration(i)*10*time.Minute)
		a.trace = trace
		cmd := a.spawn(h.procs["schedule"], sys32("cmd.exe"),
			`C:\Windows\system32\cmd.exe /c C:\Tools\monthly-restart.cmd`)
		a.tool(cmd, "wevtutil qe System /c:5 /rd:true /f:text")
		a.tool(cmd, "net stop spooler")
		a.tool(cmd, `shutdown /r /t 5 /c "monthly updates"`)
		a.log(&winEvent{ch: &systemLog, id: 1074, who: systemAccount, data: []string{
			"param1", sys32("shutdown.exe"), "param2", h.name, "param3", "monthly updates",
			"param4", "0x800000ff", "param5", "restart", "param6", "monthly updates",
			"param7", `NT AUTHORITY\SYSTEM`,
		}})
		a.wait(5*time.Second, 6*time.Second)
		at := a.t
		w.at(at, func() {
			b := &actor{w: w, h: h, s: h.system, t: at, d: h.d, trace: trace}
			b.shutdown()
			b.wait(50*time.Second, 2*time.Minute)
			up := b.t
			w.at(up, func() { (&actor{w: w, h: h, t: up, d: h.d, trace: trace}).boot() })
		})
	}
}
