package simulate

import "strings"

// program is something a person starts. {profile} stands for the home folder.
type program struct {
	path string
	args string
	dll  string // a load that Sysmon is configured to log
}

func (pr program) image(p *person) string {
	return strings.ReplaceAll(pr.path, "{profile}", p.profile())
}

func (pr program) command(p *person, file string) string {
	cmd := `"` + pr.image(p) + `"`
	if pr.args != "" {
		cmd += " " + pr.args
	}
	if file != "" {
		cmd += ` "` + file + `"`
	}
	return cmd
}

// app returns the person's open instance of a program and starts one if
// there is none.
func (a *actor) app(p *person, name string) *process {
	image := programs[name].image(p)
	for _, open := range p.open {
		if open.image == image && !open.gone {
			return open
		}
	}
	app := a.start(p, name, "")
	p.open = append(p.open, app)
	return app
}

// start starts a program from the shell, with a file to open unless empty.
func (a *actor) start(p *person, name, file string) *process {
	pr := programs[name]
	app := a.spawn(p.s.shell, pr.image(p), pr.command(p, file))
	if pr.dll != "" {
		a.load(app, pr.dll)
	}
	return app
}

// departments of the agency; shares add up to 60.
var departments = []department{
	{
		name: "Permits", share: 18, title: "Permit officer", app: "PermitDesk", folder: "Permits",
		habits: officeHabits,
	},
	{
		name: "Crew Vetting", share: 12, title: "Vetting analyst", app: "CrewVet", folder: "Vetting",
		habits: officeHabits,
	},
	{
		name: "Control Room", share: 15, title: "Duty controller", app: "PortView", folder: "Operations",
		shift: true, habits: controlHabits,
	},
	{
		name: "Information Technology", share: 6, title: "Systems administrator", app: "PermitDesk",
		folder: "IT", habits: technicalHabits,
	},
	{
		name: "Finance", share: 4, title: "Accountant", app: "Tally", folder: "Finance",
		habits: officeHabits,
	},
	{
		name: "Communications", share: 3, title: "Press officer", app: "Darkroom", folder: "Press",
		habits: officeHabits,
	},
	{
		name: "Inspections", share: 2, title: "Inspector", app: "PermitDesk", folder: "Inspections",
		habits: officeHabits,
	},
}

// habit is an activity and how often it is chosen.
type habit struct {
	weight int
	act    activity
}

type activity int

const (
	doBrowse activity = iota
	doMail
	doDocument
	doRecords
	doShare
	doPrint
	doChat
	doSmall
	doPause
	doAdminister
	doLinux
)

var (
	officeHabits = []habit{
		{20, doBrowse},
		{22, doMail},
		{16, doDocument},
		{20, doRecords},
		{10, doShare},
		{3, doPrint},
		{6, doChat},
		{4, doSmall},
		{4, doPause},
	}
	controlHabits = []habit{
		{8, doBrowse},
		{14, doMail},
		{4, doDocument},
		{40, doRecords},
		{4, doShare},
		{1, doPrint},
		{14, doChat},
		{3, doSmall},
	}
	technicalHabits = []habit{
		{18, doBrowse},
		{18, doMail},
		{6, doDocument},
		{4, doRecords},
		{6, doShare},
		{10, doChat},
		{5, doSmall},
		{3, doPause},
		{9, doAdminister},
		{5, doLinux},
	}
)
