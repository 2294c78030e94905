package simulate

import (
	"fmt"
	"time"
)

// Shares of the file servers.
const (
	departmentShare = "Departments"
	departmentPath  = `D:\Shares\Departments`
)

// fileServer returns the server that holds a department's folder.
func (w *world) fileServer(d *department) *host {
	if d.name == "Control Room" || d.name == "Communications" {
		return w.server("HA-FS02")
	}
	return w.server("HA-FS01")
}

// paper names the nth document of a folder; every folder has the same shape.
func paper(folder string, n int) string {
	kinds := [...]string{"docx", "xlsx", "pdf"}
	return fmt.Sprintf(`%s\%d\%s %04d.%s`, folder, 2024+n%3, paperNames[n%len(paperNames)],
		1000+n*7%9000, kinds[n%3])
}

// favourite returns a document the person often uses.
func (p *person) favourite() string {
	own := int(newDice(uint64(p.host.machine), p.account.name).Uint32() % 400)
	return paper(p.dept.folder, own+p.d.IntN(25))
}

// openPaper opens a document on the department's share.
func (a *actor) openPaper(p *person, name, mask string) *networkLogon {
	server := a.w.fileServer(p.dept)
	n := a.reach(p.account, server)
	a.openShare(n, departmentShare, departmentPath)
	a.tick()
	a.on(server).shareFile(n, departmentShare, departmentPath, name, mask)
	return n
}

// editDocument opens a document in its program and saves it later.
func (a *actor) editDocument(p *person) {
	name := p.favourite()
	a.openPaper(p, name, maskRead)
	program := map[string]string{"docx": "Word", "xlsx": "Excel", ".pdf": "Reader"}[name[len(name)-4:]]
	app := a.start(p, program, `\\`+a.w.fileServer(p.dept).name+`\`+departmentShare+`\`+name)
	a.wait(time.Second, 5*time.Second)
	a.write(app, p.appData()+`\Roaming\Microsoft\Office\Recent\`+base(name)+".LNK")
	a.setValue(app, `HKU\`+p.account.sid+
		`\Software\Microsoft\Office\16.0\Common\Open Find\Places`, "Binary Data")
	at := a.t + a.d.span(3*time.Minute, 45*time.Minute)
	a.w.at(at, func() {
		if app.gone || p.s != app.s || !p.host.up {
			return
		}
		b := a.w.desk(p, at)
		if program != "Reader" && b.d.chance(0.7) {
			b.openPaper(p, name, maskWrite)
		}
		b.wait(time.Second, 20*time.Second)
		b.exit(app)
	})
}

// browseShare looks through a folder of the department's share.
func (a *actor) browseShare(p *person) {
	for range a.d.between(1, 6) {
		a.openPaper(p, p.favourite(), maskRead)
		a.wait(2*time.Second, 30*time.Second)
	}
}

// useRecords works with the department's program on its server.
func (a *actor) useRecords(p *person) {
	server, port, service := "HA-APP01", uint16(443), "ssl"
	switch p.dept.app {
	case "CrewVet":
		server = "HA-APP02"
	case "Tally":
		server, port, service = "HA-SQL01", 1433, "-"
	}
	app := a.app(p, p.dept.app)
	c := a.connect(app, a.w.server(server).target(port, service), a.page())
	if server != "HA-SQL01" && a.d.chance(0.5) {
		a.queryDatabase(a.w.server(server), c.start)
	}
	if a.d.chance(0.15) {
		a.write(app, p.appData()+`\Local\`+p.dept.app+`\cache\`+decimal(a.d.between(1, 400))+".dat")
	}
}

// queryDatabase is an application server's call to the database behind it.
func (a *actor) queryDatabase(server *host, t time.Duration) {
	if server.procs["w3wp"] == nil || !server.up {
		return
	}
	b := a.on(server)
	b.s, b.t = server.network, t+20*time.Millisecond
	to := a.w.server("HA-SQL01").target(1433, "-")
	if server.role == "vetting" {
		to = a.w.server("ha-db01").target(5432, "-")
	}
	b.connect(server.procs["w3wp"], to, volume{
		int64(a.d.between(600, 9000)),
		int64(a.d.between(2_000, 300_000)), a.d.span(30*time.Millisecond, 20*time.Second),
	})
}

// print sends a document to the print server.
func (a *actor) print(p *person) {
	server := a.w.server("HA-PRT01")
	n := a.reach(p.account, server)
	a.openShare(n, "IPC$", "")
	a.tick()
	b := a.on(server)
	b.shareFile(n, "IPC$", "", "spoolss", maskWrite)
	b.write(server.procs["spooler"], fmt.Sprintf(`C:\Windows\System32\spool\PRINTERS\%05d.SPL`,
		a.d.between(2, 9999)))
}
