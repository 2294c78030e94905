package simulate

import "strings"

// program is something a person starts. {profile} stands for the home folder.
type program struct {
	path string
	args string
	dlls []string // loads that Sysmon is configured to log
}

const office = `C:\Program Files\Microsoft Office\root\Office16\`

var programs = map[string]program{
	"OneDrive":    {`C:\Program Files\Microsoft OneDrive\OneDrive.exe`, "/background", nil},
	"Parley":      {`{profile}\AppData\Local\Parley\app-3.11.0\Parley.exe`, "--process-start-args --minimized", nil},
	"StewardTray": {`C:\Program Files\Harbor Agency\Steward\StewardTray.exe`, "", nil},
	"Outlook":     {office + "OUTLOOK.EXE", "", []string{sys32("mapi32.dll")}},
	"Word":        {office + "WINWORD.EXE", "/n", []string{office + "wwlib.dll"}},
	"Excel":       {office + "EXCEL.EXE", "/dde", nil},
	"Edge":        {`C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe`, "--no-startup-window", nil},
	"Reader":      {`C:\Program Files\Folio Reader\FolioReader.exe`, "", nil},
	"PermitDesk":  {`C:\Program Files\Harbor Agency\PermitDesk\PermitDesk.exe`, "", nil},
	"CrewVet":     {`C:\Program Files\Harbor Agency\CrewVet\CrewVet.exe`, "", nil},
	"PortView":    {`C:\Program Files\Harbor Agency\PortView\PortView.exe`, "/wall", nil},
	"Tally":       {`C:\Program Files\Tally Ledger\Tally.exe`, "", nil},
	"Darkroom":    {`C:\Program Files\Darkroom\Darkroom.exe`, "", nil},
	"Notepad":     {sys32("notepad.exe"), "", nil},
	"Calculator":  {sys32("calc.exe"), "", nil},
	"Snip":        {sys32("SnippingTool.exe"), "", nil},
	"RemoteHelp":  {sys32("mstsc.exe"), "", nil},
	"Console":     {sys32("mmc.exe"), `"C:\Windows\system32\dsa.msc"`, nil},
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
	for _, dll := range pr.dlls {
		a.load(app, dll)
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
