package simulate

import "time"

// bootSpec is one process that starts with Windows.
type bootSpec struct {
	key, parent, image, cmd string
	who                     string // s system, l local service, n network service
	role                    string // only on hosts of this role
}

// bootServers starts the servers some days before the logs begin.
func (w *world) bootServers() {
	for _, h := range w.hosts {
		switch h.kind {
		case windowsServer:
			a := w.actor(h, -time.Duration(h.d.between(2, 20))*24*time.Hour-h.d.span(0, time.Hour))
			a.boot()
		case linuxServer:
			w.bootLinux(h)
		}
	}
}

// boot starts Windows on the actor's host.
func (a *actor) boot() {
	h := a.h
	h.boots++
	h.up, h.guids = true, 0
	h.pids = map[uint32]bool{4: true}
	h.procs, h.tickets = map[string]*process{}, map[string]*networkLogon{}
	h.resolved = map[string]time.Duration{}
	h.luid = uint64(a.d.between(0x20000, 0x50000))
	fixed := func(who *account, luid uint64) *session {
		return &session{host: h, who: who, luid: luid, token: tokenFull, level: "System", started: a.t}
	}
	h.system, h.local, h.network = fixed(systemAccount, 0x3e7), fixed(localService, 0x3e5),
		fixed(networkService, 0x3e4)
	a.s = h.system
	root := &process{
		host: h, pid: 4, image: "System", s: h.system, started: a.t, bin: a.w.binary("System"),
	}
	root.guid = h.processGUID(a.w.clock(a.t).Unix())
	h.procs["system"] = root
	a.log(&winEvent{
		ch: &kernelLog, id: 6005,
		data: []string{"State", "started"},
	})
	for _, spec := range bootOrder {
		if spec.role == "" || spec.role == h.role {
			a.bootProcess(spec)
		}
	}
}

func (a *actor) bootProcess(spec bootSpec) {
	a.wait(30*time.Millisecond, 700*time.Millisecond)
	s := map[string]*session{"s": a.h.system, "l": a.h.local, "n": a.h.network}[spec.who]
	a.h.procs[spec.key] = a.as(s).spawn(a.h.procs[spec.parent], spec.image, spec.cmd)
}

// shutdown stops Windows: everything that still runs ends with it.
func (a *actor) shutdown() {
	a.h.up = false
	a.log(&winEvent{
		ch: &kernelLog, id: 6006,
		data: []string{"State", "stopped"},
	})
}

// signOn logs a person on at the console and starts the desktop.
func (a *actor) signOn(p *person) {
	a.grantingTicket(p.account)
	id := a.ticket(p.account, a.h)
	s := a.newSession(p.account, 2)
	source := origin{
		process: a.h.procs["termserv"], ip: "127.0.0.1", port: "0", guid: id,
		workstation: a.h.name, logonProc: "User32 ", pkg: "Negotiate",
	}
	if p.account.admin {
		high := a.newSession(p.account, 2)
		high.token, high.level, high.linked, s.linked = tokenElevated, "High", s.luid, high.luid
		high.terminal = 1
		a.logLogon(high, source)
	}
	a.logLogon(s, source)
	p.s = s
	b := a.as(s)
	b.wait(time.Second, 4*time.Second)
	b.desktop(s)
	for _, name := range []string{"OneDrive", "Parley", "StewardTray"} {
		b.wait(time.Second, 6*time.Second)
		b.app(p, name)
	}
	a.t = b.t
}

// desktop starts userinit and the shell of an interactive session.
func (a *actor) desktop(s *session) {
	init := a.spawn(a.h.procs["winlogon"], sys32("userinit.exe"), sys32("userinit.exe"))
	a.wait(300*time.Millisecond, time.Second)
	s.shell = a.spawn(init, `C:\Windows\explorer.exe`, `C:\Windows\Explorer.EXE`)
	a.exitAfter(init, a.d.span(20*time.Second, 30*time.Second))
	a.wait(time.Second, 3*time.Second)
}

// signOff ends a person's session and all of its programs.
func (a *actor) signOff(p *person) {
	for _, app := range p.open {
		if !app.gone {
			a.tick()
			a.exit(app)
		}
	}
	a.exit(p.s.shell)
	a.logLogoff(p.s)
	p.s, p.open = nil, nil
}
