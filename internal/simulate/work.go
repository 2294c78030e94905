package simulate

import (
	"fmt"
	"time"
)

// meanPause between two activities of a person at Config.Scale 1.
const meanPause = 23 * time.Minute

// planDay schedules what people do on one day.
func (w *world) planDay(day int) {
	midnight := time.Duration(day) * 24 * time.Hour
	w.planPhones(midnight)
	for _, p := range w.people {
		if day == 0 && p.stays() {
			w.comeBack(p)
		}
		if p.away[day] || !w.onDuty(p, day) {
			continue
		}
		start := midnight + p.start + p.d.span(-12*time.Minute, 18*time.Minute)
		stop := midnight + p.stop + p.d.span(-15*time.Minute, 25*time.Minute)
		if p.dept.shift {
			start, stop = midnight+p.start+p.d.span(0, 6*time.Minute), midnight+p.stop
		}
		w.at(start, func() { w.arrive(p, stop) })
	}
}

// onDuty reports whether the person works that day; one day in twenty is off.
func (w *world) onDuty(p *person, day int) bool {
	off := p.d.chance(0.05)
	if workday(w.cfg.Start, day) {
		return !off || p.needed()
	}
	return p.dept.shift && p.d.chance(0.4)
}

// needed people are never ill: an incident or its counterpart is theirs.
func (p *person) needed() bool { return p.dept.name != "Control Room" }

// stays reports whether the person leaves the workstation running, locked.
func (p *person) stays() bool { return !p.dept.shift && p.host.machine%3 == 0 }

// comeBack puts the person's desktop in the state it was left in before the
// logs begin.
func (w *world) comeBack(p *person) {
	a := w.actor(p.host, -time.Duration(p.d.between(1, 6))*24*time.Hour-14*time.Hour)
	a.boot()
	a.wait(time.Minute, 20*time.Minute)
	a.signOn(p)
}

// arrive starts the person's day: power on, log on or unlock, sign in.
func (w *world) arrive(p *person, stop time.Duration) {
	a := w.actor(p.host, w.now)
	a.d = p.d
	switch {
	case p.s != nil:
		a.unlock(p)
	default:
		if !p.host.up {
			a.boot()
			a.wait(20*time.Second, 60*time.Second)
		}
		a.signOn(p)
	}
	w.at(a.t+p.d.span(10*time.Second, 50*time.Second), func() { w.morning(p) })
	w.at(a.t+p.d.span(2*time.Minute, 5*time.Minute), func() { w.carryOn(p, stop) })
	w.at(stop, func() { w.leave(p) })
}

// unlock writes the logon of a person who comes back to a locked desktop.
func (a *actor) unlock(p *person) {
	a.grantingTicket(p.account)
	s := a.newSession(p.account, 7)
	a.logLogon(s, origin{
		process: a.h.procs["winlogon"], ip: "127.0.0.1", port: "0",
		guid: noGUID, workstation: a.h.name, logonProc: "User32 ", pkg: "Negotiate",
	})
	a.t += 300 * time.Millisecond
	a.logLogoff(s)
}

// morning opens the programs of the day and signs in to the cloud.
func (w *world) morning(p *person) {
	a := w.desk(p, w.now)
	outlook := a.app(p, "Outlook")
	a.connect(outlook, w.server("HA-MX01").target(443, "ssl"), a.page())
	a.connect(a.app(p, "Parley"), webTarget("hub.parley.example"),
		volume{40_000, 300_000, a.d.span(2*time.Hour, 7*time.Hour)})
	a.wait(5*time.Second, 30*time.Second)
	edge := a.app(p, "Edge")
	a.connect(edge, webTarget("login.keyring.example"), a.page())
	s := signin{p: p, app: "Office Suite", ip: egress, at: placeHome}
	if p.d.chance(0.2) {
		s.mfa = "MFA completed in Authenticator"
	}
	if p.d.chance(0.06) {
		w.signIn(a.t, signin{
			p: p, app: "Office Suite", ip: egress, at: placeHome,
			fail: "Invalid username or password", code: 50126,
		})
		a.wait(8*time.Second, 20*time.Second)
	}
	w.signIn(a.t, s)
}

// carryOn does one activity and plans the next until the day ends.
func (w *world) carryOn(p *person, stop time.Duration) {
	if p.s == nil || w.now >= stop-2*time.Minute {
		return
	}
	w.perform(p)
	mean := time.Duration(float64(meanPause) / p.pace / w.cfg.Scale)
	w.at(w.now+p.d.gap(mean)+time.Second, func() { w.carryOn(p, stop) })
}

// leave ends the day: close programs, log off or lock, often shut down.
func (w *world) leave(p *person) {
	if p.s == nil {
		return
	}
	a := w.desk(p, w.now)
	if p.stays() {
		for _, app := range p.open {
			if !app.gone && p.d.chance(0.5) {
				a.tick()
				a.exit(app)
			}
		}
		return
	}
	a.signOff(p)
	if !p.dept.shift {
		a.wait(8*time.Second, 20*time.Second)
		at := a.t
		w.at(at, func() { w.actor(p.host, at).shutdown() })
	}
}

// perform does one activity of the person's choice.
func (w *world) perform(p *person) {
	total := 0
	for _, h := range p.dept.habits {
		total += h.weight
	}
	n := p.d.IntN(total)
	for _, h := range p.dept.habits {
		if n -= h.weight; n < 0 {
			w.act(p, h.act)
			return
		}
	}
}

func (w *world) act(p *person, what activity) {
	a := w.desk(p, w.now)
	if p.d.chance(0.12) {
		w.signIn(a.t, signin{p: p, app: pick(p.d, cloudApps), ip: egress, at: placeHome})
	}
	switch what {
	case doBrowse:
		a.browse(p)
	case doMail:
		a.readMail(p)
	case doDocument:
		a.editDocument(p)
	case doRecords:
		a.useRecords(p)
	case doShare:
		a.browseShare(p)
	case doPrint:
		a.print(p)
	case doChat:
		a.connect(a.app(p, "Parley"), webTarget("files.parley.example"), a.page())
	case doSmall:
		name := pick(p.d, []string{"Notepad", "Calculator", "Snip"})
		a.exitAfter(a.start(p, name, ""), p.d.span(20*time.Second, 9*time.Minute))
	case doPause:
		a.pause(p)
	case doAdminister:
		a.administer(p)
	case doLinux:
		a.visitLinux(p)
	}
}

var cloudApps = []string{
	"Office Suite", "Mail", "Parley", "Vault", "Permit Portal", "Learning Desk",
}

// pause locks the desktop for a while.
func (a *actor) pause(p *person) {
	at, s := a.t+a.d.span(6*time.Minute, 40*time.Minute), p.s
	a.w.at(at, func() {
		if p.s == s && s.host.up {
			b := a.w.desk(p, at)
			b.unlock(p)
		}
	})
}

// chooseSites gives a person some favourite places on the web.
func (p *person) chooseSites() {
	all := webSites()
	for range 9 {
		p.sites = append(p.sites, pick(p.d, all))
	}
}

// browse visits a few pages.
func (a *actor) browse(p *person) {
	edge := a.app(p, "Edge")
	for range a.d.between(1, 4) {
		s := pick(a.d, p.sites)
		if a.d.chance(0.15) {
			s = pick(a.d, webSites())
		}
		if !s.plain {
			a.connect(edge, webTarget(s.name), a.page())
		} else {
			v := a.page()
			c := a.connect(edge, target{name: s.name, port: 80, service: "http"}, v)
			a.w.http(c, request{
				"GET", s.name, "/" + pick(a.d, webPaths), edgeAgent, "text/html",
				200, 0, v.received,
			}, a.trace)
		}
		a.wait(2*time.Second, 40*time.Second)
	}
	if a.d.chance(0.06) {
		name := pick(a.d, []string{"tide-table-", "notice-", "form-", "chart-"}) +
			decimal(a.d.between(100, 999)) + ".pdf"
		a.download(edge, p.profile()+`\Downloads\`+name, name,
			"ReferrerUrl=https://"+p.sites[0].name+"/  HostUrl=https://"+p.sites[0].name+"/"+name)
		a.exitAfter(a.start(p, "Reader", p.profile()+`\Downloads\`+name),
			a.d.span(time.Minute, 30*time.Minute))
	}
}

var webPaths = []string{"", "index.html", "news/today", "tables?port=12", "search?q=berth", "live"}

// readMail talks to the mail server and sometimes opens an attachment.
func (a *actor) readMail(p *person) {
	outlook := a.app(p, "Outlook")
	a.connect(outlook, a.w.server("HA-MX01").target(443, "ssl"), a.page())
	if !a.d.chance(0.22) {
		return
	}
	kind := pick(a.d, []string{"docx", "pdf", "pdf", "xlsx", "docx"})
	path, name := a.saveAttachment(p, outlook, pick(a.d, paperNames)+"."+kind)
	a.wait(2*time.Second, 9*time.Second)
	reader := map[string]string{"docx": "Word", "xlsx": "Excel", "pdf": "Reader"}[kind]
	pr := programs[reader]
	app := a.spawn(outlook, pr.image(p), pr.command(p, path+name))
	a.exitAfter(app, a.d.span(time.Minute, 40*time.Minute))
}

var paperNames = []string{
	"Berth request", "Crew list", "Cargo manifest", "Pilotage notice",
	"Invoice", "Meeting minutes", "Roster", "Safety circular", "Waiver form", "Harbor dues",
}

// saveAttachment stores an attachment where the mail program keeps what it
// opens and returns folder and name.
func (a *actor) saveAttachment(p *person, outlook *process, name string) (string, string) {
	dir := p.appData() + `\Local\Microsoft\Windows\INetCache\Content.Outlook\` +
		fmt.Sprintf("%08X", newDice(a.w.cfg.Seed, "inet/"+p.account.name).Uint32()) + `\`
	a.download(outlook, dir+name, name+p.account.name, "")
	return dir, name
}
