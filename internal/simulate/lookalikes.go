package simulate

import "time"

// odd is a piece of ordinary work that resembles an attack.
type odd struct {
	clock     time.Duration // time of day
	everyDay  bool          // else on one working day
	dept      string        // whose work it is, "" for nobody's
	name      string
	resembles string
	what      string
	act       func(w *world, p *person, trace *Trace)
}

var oddities = []odd{
	{
		10 * time.Hour, false, "Information Technology", "deployment by remote service", "T1569.002",
		"The deployment server installs an inventory update on ten workstations through a " +
			"temporary service.",
		(*world).deploy,
	},
	{
		2 * time.Hour, false, "", "vulnerability scan", "T1046",
		"The scanner connects to every host and tries a login on the Windows hosts.", (*world).scan,
	},
	{
		13 * time.Hour, false, "Information Technology", "dump of a hanging program", "T1003",
		"Helpdesk writes a dump of the print spooler for the vendor.", (*world).dumpSpooler,
	},
	{
		15 * time.Hour, false, "Information Technology", "archive of old logs", "T1560.001",
		"An administrator packs old web logs on the application server with 7z.", (*world).packLogs,
	},
	{
		11 * time.Hour, true, "", "antivirus reads lsass", "T1003.001",
		"The antivirus engine opens lsass with read access during its daily scan.", (*world).scanMemory,
	},
	{
		3 * time.Hour, false, "", "scripted restart", "T1070.001",
		"After updates a script stops the log service and restarts two servers; no log is emptied.",
		(*world).restartServers,
	},
	{
		14 * time.Hour, false, "Information Technology", "remote desktop to several servers", "T1021.001",
		"An administrator visits three servers by remote desktop within an hour.", (*world).tour,
	},
	{
		9 * time.Hour, false, "Permits", "travelling user", "T1078",
		"A permit officer signs in from a conference abroad with a second factor.", (*world).travel,
	},
	{
		11 * time.Hour, false, "Communications", "photo office copies to a USB stick", "T1052.001",
		"A press officer copies a day's pictures to a removable disk.", (*world).copyPictures,
	},
	{
		9*time.Hour + 30*time.Minute, false, "Information Technology", "new colleague", "T1136.002",
		"An administrator creates an account and adds it to a group.", (*world).newColleague,
	},
	{
		10 * time.Hour, false, "Finance", "macro workbook from mail", "T1204.002",
		"Finance opens a mailed workbook whose macro starts a command to fetch rates.",
		(*world).macroWorkbook,
	},
	{
		12 * time.Hour, false, "Crew Vetting", "updater in the profile", "T1547.001",
		"A chat program updates itself below AppData and renews its Run key.", (*world).selfUpdate,
	},
	{
		16 * time.Hour, false, "Communications", "large upload to a partner", "T1567.002",
		"The press office uploads film material to a partner's portal.", (*world).upload,
	},
	{
		4 * time.Hour, true, "", "encoded management command", "T1059.001",
		"The management agent runs an encoded PowerShell command.", (*world).encodedCommand,
	},
	{
		8*time.Hour + 45*time.Minute, false, "Information Technology",
		"federation certificate renewed", "T1484.002",
		"The signing certificate of the agency's own federated domain is renewed from the office.",
		(*world).renewCertificate,
	},
	{
		12*time.Hour + 20*time.Minute, false, "Permits", "phone update breaks compliance", "T1629.003",
		"A phone is out of compliance for an hour until its update finishes.", (*world).phoneUpdate,
	},
	{
		14*time.Hour + 30*time.Minute, false, "Control Room",
		"screen reader starts threads in programs", "T1055",
		"An accessibility program opens the shell and starts a thread in it.", (*world).screenReader,
	},
	{
		15*time.Hour + 20*time.Minute, false, "Crew Vetting", "quarterly vetting report", "T1039",
		"A vetting analyst opens a hundred files of the folder for the quarterly report.",
		(*world).quarterly,
	},
	{
		16 * time.Hour, false, "Information Technology", "scheduled clean-up task", "T1053.005",
		"An administrator registers a task that removes old spool files.", (*world).cleanupTask,
	},
}

// planLookalikes schedules the oddities on days of their own.
func (w *world) planLookalikes() {
	days := w.workdays()
	for i, o := range oddities {
		d := w.dice("odd/" + o.name)
		for n, day := range days {
			if !o.everyDay && n != (i+1)%len(days) {
				continue
			}
			at := time.Duration(day)*24*time.Hour + o.clock + d.span(0, 25*time.Minute)
			w.at(at, func() { w.perpetrate(o, d) })
		}
	}
}

// perpetrate does the oddity with somebody of its department who is in.
func (w *world) perpetrate(o odd, d dice) {
	var p *person
	host := ""
	if o.dept != "" {
		if p = w.present(o.dept, d); p == nil {
			return
		}
		host = p.host.fqdn
	}
	o.act(w, p, w.key.lookalike(o.name, o.resembles, host, o.what))
}

// present returns a member of the department with an open desktop, nil when
// nobody is in.
func (w *world) present(dept string, d dice) *person {
	var in []*person
	for _, p := range w.people {
		if p.dept.name == dept && p.s != nil && p.host.up {
			in = append(in, p)
		}
	}
	if len(in) == 0 {
		return nil
	}
	return pick(d, in)
}

func (w *world) traced(p *person, trace *Trace) *actor {
	a := w.desk(p, w.now)
	a.trace = trace
	return a
}
