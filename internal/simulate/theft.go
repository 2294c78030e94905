package simulate

import (
	"fmt"
	"time"
)

const (
	implantPath = `C:\Windows\tsvchlp.exe`
	stageFolder = `C:\ProgramData\Steward\cache\`
)

// move installs a service on the vetting server with the stolen account.
func (x *heist) move() {
	if x.elevated == nil || x.elevated.gone {
		return
	}
	a, server, who := x.victimActor().as(x.high), x.w.server("HA-APP02"), x.helper.admin
	x.begin(a, "T1021.002", "lateral-movement", "With the administrator's credentials the "+
		"elevated process logs on to the vetting server and writes a program to its ADMIN$ share.")
	id := a.ticket(who, server)
	a.explicitLogon(x.elevated, who, server, "cifs/"+server.serverName(), id)
	n := a.openSMB(who, server, id, 6*time.Minute, volume{1_140_000, 64_000, 0})
	a.openShare(n, "ADMIN$", `C:\Windows`)
	a.wait(100*time.Millisecond, 900*time.Millisecond)
	b := a.on(server)
	b.shareFile(n, "ADMIN$", `C:\Windows`, base(implantPath), maskWrite)
	b.write(server.procs["system"], implantPath)
	a.w.place(implantPath, "service of the crew-vetting theft")
	b.wait(time.Second, 3*time.Second)

	x.begin(b, "T1569.002", "execution", "Over the service control pipe a service is created "+
		"on the vetting server and started; the service manager runs the program as SYSTEM.")
	a.trace, a.t = b.trace, b.t
	a.openShare(n, "IPC$", "")
	b.shareFile(n, "IPC$", "", "svcctl", maskWrite)
	b.installService(n.s, service{"TimeSvcHelper", implantPath, "demand start"}, nil)
	b.wait(300*time.Millisecond, time.Second)
	x.implant = b.spawn(server.procs["services"], implantPath, implantPath)
	x.in.controls(x.implant)
	b.serviceState("TimeSvcHelper", "running")
	b.wait(20*time.Second, time.Minute)

	x.begin(b, "T1543.003", "persistence", "The program creates a second service that starts with "+
		"Windows; the record names it as the client.")
	b.installService(server.system,
		service{"StewardCacheSvc", implantPath + " /s", "auto start"}, x.implant)
	x.begin(b, "T1071.001", "command-and-control", "The program on the server calls home.")
	x.second = b.trace
	a.w.at(b.t+30*time.Second, x.serverBeacon)
}

func (x *heist) serverBeacon() {
	p := x.implant
	if p.gone || !p.host.up || p.boot != p.host.boots {
		return
	}
	a := x.w.actor(p.host, x.w.now)
	a.d, a.trace = x.d, x.second
	a.connect(p, webTarget(beaconHost), volume{
		int64(a.d.between(900, 2600)),
		int64(a.d.between(700, 9000)), a.d.span(200*time.Millisecond, 3*time.Second),
	})
	a.w.at(a.t+x.d.span(22*time.Minute, 38*time.Minute), x.serverBeacon)
}

// onServer returns an actor in the implant's session, nil when it is gone.
// When the server was restarted, its second service has brought it back.
func (x *heist) onServer() *actor {
	if x.implant == nil || !x.implant.host.up {
		return nil
	}
	a := x.w.actor(x.implant.host, x.w.now)
	if x.implant.boot != a.h.boots {
		x.implant = a.spawn(a.h.procs["services"], implantPath, implantPath+" /s")
		x.in.controls(x.implant)
	}
	a.d = x.d
	return a
}

// collect reads the vetting folder of the file server through the network.
func (x *heist) collect() {
	a := x.onServer()
	if a == nil {
		return
	}
	server, who := x.w.server("HA-FS01"), x.helper.admin
	x.begin(a, "T1039", "collection", "From the vetting server hundreds of vetting files are read "+
		"over the network and copied to a staging folder.")
	command := `robocopy \\ha-fs01\Departments\Vetting ` + stageFolder + `v /S /R:0 /NFL /NDL`
	cmd := a.spawn(x.implant, sys32("cmd.exe"), `C:\Windows\system32\cmd.exe /c `+command)
	copier := a.spawn(cmd, sys32("Robocopy.exe"), command)
	x.in.controls(cmd)
	x.in.controls(copier)
	id := a.ticket(who, server)
	a.explicitLogon(copier, who, server, "cifs/ha-fs01", id)
	n := a.openSMB(who, server, id, 25*time.Minute, volume{14_000_000, 2_310_000_000, 0})
	a.openShare(n, departmentShare, departmentPath)
	for i := range 340 {
		a.wait(300*time.Millisecond, 3*time.Second)
		file := paper("Vetting", i)
		b := a.on(server)
		b.shareFile(n, departmentShare, departmentPath, file, maskRead)
		if i%8 == 0 {
			b.fileAccess(server.procs["system"], n.s, departmentPath+`\`+file, "0x1")
		}
		if i%20 == 0 {
			a.write(copier, stageFolder+`v\`+file[len("Vetting")+1:])
		}
	}
	a.exit(copier)
	a.tick()
	a.exit(cmd)
}

// dumpDatabase copies the crew database from the Linux server.
func (x *heist) dumpDatabase() {
	a := x.onServer()
	if a == nil {
		return
	}
	db := x.w.server("ha-db01")
	x.begin(a, "T1021.004", "lateral-movement", "With a password found on the vetting server the "+
		"intruder logs on to the database server over SSH.")
	tool := stageFolder + "plink.exe"
	a.write(x.implant, tool)
	p := a.spawn(x.implant, tool,
		`plink.exe -batch -ssh vetdb@ha-db01 -pw Verity-2024-db "pg_dump -Fc crew_vetting"`)
	x.in.controls(p)
	lasts := 7 * time.Minute
	c := a.connect(p, db.target(22, "ssh"), volume{410_000, 688_000_000, lasts})
	sh := a.w.ssh(db, c, linuxVetDB, "password", a.trace)
	sh.trace = x.in.step("T1005", "collection", db.fqdn,
		"A dump of the crew database runs on the database server and streams back.")
	sh.exec("/usr/bin/id", "id")
	pid := sh.exec("/usr/bin/pg_dump", "pg_dump", "-Fc", "crew_vetting")
	sh.openat(pid, "/usr/bin/pg_dump", "/home/vetdb/.pgpass", "secrets")
	a.t, a.trace = c.start+lasts, sh.trace
	a.write(p, stageFolder+"crew.dump")
	a.exit(p)
	sh.t = c.start + lasts
	sh.logout()
}

// archive packs what was staged.
func (x *heist) archive() {
	a := x.onServer()
	if a == nil {
		return
	}
	x.begin(a, "T1560.001", "collection", "An archiver packs the staged files with a password "+
		"into parts.")
	tool := stageFolder + "7z.exe"
	a.write(x.implant, tool)
	p := a.spawn(x.implant, tool, `7z.exe a -t7z -mhe=on -pQuay-7731-slip -v900m `+stageFolder+
		`sync.7z `+stageFolder+`v `+stageFolder+`crew.dump`)
	x.in.controls(p)
	for part := range 3 {
		a.wait(2*time.Minute, 4*time.Minute)
		a.write(p, fmt.Sprintf("%ssync.7z.%03d", stageFolder, part+1))
	}
	a.exit(p)
}

// exfiltrate sends the archive out in three long connections.
func (x *heist) exfiltrate() {
	a := x.onServer()
	if a == nil {
		return
	}
	x.begin(a, "T1048.002", "exfiltration", "The parts leave in long TLS connections to an "+
		"address nobody else in the agency uses.")
	for _, size := range []int64{943_718_400, 943_718_400, 751_204_112} {
		c := a.connect(x.implant, webTarget(dropHost),
			volume{size, size / 300, a.d.span(8*time.Minute, 13*time.Minute)})
		a.t = c.start + c.duration
		a.wait(5*time.Second, 30*time.Second)
	}
}

// clean removes the staged files and empties the server's logs.
func (x *heist) clean() {
	a := x.onServer()
	if a == nil {
		return
	}
	x.begin(a, "T1070.001", "defense-evasion", "The staged files are deleted and the server's "+
		"Security and System logs are emptied.")
	for part := range 3 {
		a.remove(x.implant, fmt.Sprintf("%ssync.7z.%03d", stageFolder, part+1), decimal(part))
	}
	cmd := a.spawn(x.implant, sys32("cmd.exe"),
		`C:\Windows\system32\cmd.exe /c wevtutil cl Security & wevtutil cl System`)
	x.in.controls(cmd)
	x.in.controls(a.tool(cmd, "wevtutil cl Security"))
	a.clearLogs(a.h.system)
	x.in.controls(a.tool(cmd, "wevtutil cl System"))
	a.exit(cmd)
}
