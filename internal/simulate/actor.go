package simulate

import "time"

// actor plays a script on one Windows host. It is a cursor in time: each act
// emits its records and moves the cursor on by what the act takes.
type actor struct {
	w     *world
	h     *host
	s     *session // of the processes it starts
	t     time.Duration
	d     dice
	trace *Trace // part of the answer key its records belong to, nil without
}

// actor returns an actor on h at time t in the host's system session.
// Records before time zero are dropped, so a script may begin before the logs.
func (w *world) actor(h *host, t time.Duration) *actor {
	return &actor{w: w, h: h, s: h.system, t: t, d: h.d}
}

// desk returns an actor in a person's desktop session.
func (w *world) desk(p *person, t time.Duration) *actor {
	return &actor{w: w, h: p.host, s: p.s, t: t, d: p.d}
}

// on returns an actor of the same script on another host, at the same time.
func (a *actor) on(h *host) *actor {
	return &actor{w: a.w, h: h, s: h.system, t: a.t, d: a.d, trace: a.trace}
}

// as returns an actor of the same script in another session.
func (a *actor) as(s *session) *actor {
	b := *a
	b.s = s
	return &b
}

func (a *actor) wait(lo, hi time.Duration) { a.t += a.d.span(lo, hi) }

// tick moves on by a few milliseconds, as between records of one act.
func (a *actor) tick() { a.t += a.d.span(time.Millisecond, 25*time.Millisecond) }

// spawn starts a program under parent with the command line cmd.
func (a *actor) spawn(parent *process, image, cmd string) *process {
	a.tick()
	p := &process{
		host: a.h, pid: a.h.pid(), image: image, cmd: cmd, dir: `C:\Windows\system32\`,
		parent: parent, s: a.s, bin: a.w.binary(image), started: a.t,
		integrity: a.s.level, boot: a.h.boots,
	}
	p.guid = a.h.processGUID(a.w.clock(a.t).Unix())
	if a.s.shell != nil {
		p.dir = `C:\Users\` + a.s.who.name + `\`
	}
	a.logStart(p)
	return p
}

// exit ends a process at the cursor. Its number is free from then on.
func (a *actor) exit(p *process) { a.exitAfter(p, 0) }

// exitAfter ends a process some time after the cursor, unless it or its host
// went down before.
func (a *actor) exitAfter(p *process, after time.Duration) {
	at, trace := a.t+after, a.trace
	a.w.at(at, func() {
		if !p.gone && p.host.up && p.boot == p.host.boots {
			end := actor{w: a.w, h: p.host, t: max(at, p.started), d: a.d, trace: trace}
			end.kill(p)
		}
	})
}

// kill ends a process now: only for scripts that run from the agenda.
func (a *actor) kill(p *process) {
	p.gone = true
	delete(p.host.pids, p.pid)
	a.logExit(p)
}

// run starts a program that ends by itself within the given time.
func (a *actor) run(parent *process, image, cmd string, within time.Duration) *process {
	p := a.spawn(parent, image, cmd)
	a.exitAfter(p, a.d.span(20*time.Millisecond, within))
	return p
}

// tool runs a program of System32 by its file name from a shell and waits for it.
func (a *actor) tool(parent *process, cmd string) *process {
	name := cmd
	for i := range cmd {
		if cmd[i] == ' ' {
			name = cmd[:i]
			break
		}
	}
	p := a.spawn(parent, sys32(name+".exe"), cmd)
	a.wait(30*time.Millisecond, 900*time.Millisecond)
	a.exit(p)
	return p
}

func sys32(name string) string { return `C:\Windows\System32\` + name }
