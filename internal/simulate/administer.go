package simulate

import (
	"strings"
	"time"
)

// administer does a piece of administration with the person's second account.
func (a *actor) administer(p *person) {
	switch a.d.IntN(4) {
	case 0:
		a.exitAfter(a.start(p, "Console", ""), a.d.span(time.Minute, 20*time.Minute))
	case 1:
		name := pick(a.d, []string{"HA-FS01", "HA-APP01", "HA-APP02", "HA-SQL01", "HA-PRT01"})
		a.inspect(p, a.w.server(name))
	default:
		a.maintenanceScript(p)
	}
}

// elevate opens a second, elevated session for who on the person's desktop and
// starts a program in it, as "run as another user" does.
func (a *actor) elevate(p *person, who *account, image, cmd string) (*actor, *process) {
	a.explicitLogonLocal(p, who)
	s := a.newSession(who, 2)
	s.token, s.level = tokenFull, "High"
	a.logLogon(s, origin{
		process: a.h.procs["appinfo"], ip: "::1", port: "0", guid: noGUID,
		workstation: a.h.name, logonProc: "seclogo", pkg: "Negotiate",
	})
	b := a.as(s)
	return b, b.spawn(a.h.procs["appinfo"], image, cmd)
}

func (a *actor) explicitLogonLocal(p *person, who *account) {
	services := a.h.procs["appinfo"]
	a.tick()
	a.security(4648, 12544, "Logon", p.s.subject(), []string{
		"LogonGuid", noGUID, "TargetUserName", who.name, "TargetDomainName", netbios,
		"TargetLogonGuid", noGUID, "TargetServerName", "localhost", "TargetInfo", "localhost",
		"ProcessId", hexID(uint64(services.pid)), "ProcessName", services.image,
		"IpAddress", "::1", "IpPort", "0",
	})
}

var maintenance = []string{
	`Get-ADUser -Filter * -Properties LastLogonDate | Where-Object { $_.Enabled } ` +
		`| Export-Csv C:\Temp\users.csv`,
	`Get-WinEvent -ComputerName HA-APP01 -LogName Application -MaxEvents 50`,
	`Test-Connection HA-FS02 -Count 2; Get-Volume`,
	`Get-Service -ComputerName HA-PRT01 -Name Spooler | Restart-Service`,
	`Get-SmbOpenFile -CimSession HA-FS01 | Group-Object ClientUserName`,
	`Get-ADComputer -Filter 'OperatingSystem -like "*Server*"' | Select-Object Name`,
}

// maintenanceScript runs a few lines in an elevated PowerShell.
func (a *actor) maintenanceScript(p *person) {
	b, shell := a.elevate(p, p.admin, powershell, powershell+" -NoProfile")
	b.scriptBlock(shell, pick(a.d, maintenance), "")
	for range a.d.between(1, 3) {
		b.tool(shell, pick(a.d, []string{
			"ipconfig /all", "whoami /groups", "hostname",
			"ping -n 2 ha-fs02", "net use", "nltest /dsgetdc:harbor.example", "gpresult /r",
		}))
		b.wait(5*time.Second, time.Minute)
	}
	b.exitAfter(shell, a.d.span(time.Minute, 15*time.Minute))
}

const powershell = `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`

// inspect opens a remote desktop on a server with the administrator account.
func (a *actor) inspect(p *person, server *host) {
	mstsc := a.spawn(p.s.shell, sys32("mstsc.exe"), `"C:\Windows\System32\mstsc.exe" /v:`+server.name)
	lasts := a.d.span(4*time.Minute, 25*time.Minute)
	id := a.ticket(p.admin, server)
	a.explicitLogon(mstsc, p.admin, server, "TERMSRV/"+strings.ToLower(server.name), id)
	to := server.target(3389, "rdp")
	c := a.connect(mstsc, to, volume{
		int64(a.d.between(200_000, 900_000)),
		int64(a.d.between(2_000_000, 20_000_000)), lasts,
	})
	b := a.on(server)
	b.tick()
	s := b.newSession(p.admin, 10)
	s.terminal, s.token, s.level = a.d.between(2, 5), tokenFull, "High"
	b.logLogon(s, origin{
		process: server.procs["termserv"], ip: c.from, port: decimal(c.fromPort),
		guid: id, workstation: server.name, logonProc: "User32 ", pkg: "Negotiate",
	})
	b = b.as(s)
	b.desktop(s)
	b.wait(10*time.Second, 40*time.Second)
	tool := b.spawn(s.shell, sys32("mmc.exe"),
		`"C:\Windows\system32\mmc.exe" "C:\Windows\system32\eventvwr.msc"`)
	b.exitAfter(tool, lasts/2)
	b.exitAfter(s.shell, lasts-time.Second-(b.t-a.t))
	a.exitAfter(mstsc, lasts)
	end := a.t + lasts
	a.w.at(end, func() { (&actor{w: a.w, h: server, t: end, d: a.d, trace: a.trace}).logLogoff(s) })
}

// linuxUser returns the person's login on Linux hosts.
func (p *person) linuxUser() linuxUser {
	return linuxUser{
		p.account.name, 1100 + int(newDice(7, p.account.name).Uint32()%800),
		"/home/" + p.account.name,
	}
}

// visitLinux logs in to a Linux server and looks around.
func (a *actor) visitLinux(p *person) {
	h := a.w.server(pick(a.d, []string{"ha-web01", "ha-web02", "ha-db01", "ha-gw01", "ha-log01"}))
	lasts := a.d.span(2*time.Minute, 20*time.Minute)
	client := a.spawn(p.s.shell, sys32(`OpenSSH\ssh.exe`), "ssh "+h.name)
	c := a.connect(client, h.target(22, "ssh"), volume{
		int64(a.d.between(8_000, 60_000)),
		int64(a.d.between(12_000, 400_000)), lasts,
	})
	a.exitAfter(client, lasts)
	sh := a.w.ssh(h, c, p.linuxUser(), "publickey", a.trace)
	sh.d = a.d
	for range a.d.between(2, 6) {
		sh.t += a.d.span(3*time.Second, lasts/8)
		line := pick(a.d, linuxCommands)
		if line[0] == "sudo" {
			sh.sudo(line[1], line[2:]...)
		} else {
			sh.exec(line[0], line[1:]...)
		}
	}
	sh.t = max(sh.t, c.start+lasts)
	sh.logout()
}

var linuxCommands = [][]string{
	{"/usr/bin/uptime", "uptime"},
	{"/bin/df", "df", "-h"},
	{"/bin/ls", "ls", "-la", "/var/log"},
	{"/usr/bin/tail", "tail", "-n", "100", "/var/log/syslog"},
	{"/usr/bin/top", "top", "-b", "-n", "1"},
	{"sudo", "/bin/systemctl", "systemctl", "status", "nginx"},
	{"/bin/ps", "ps", "aux"},
	{"sudo", "/usr/bin/journalctl", "journalctl", "-u", "ssh", "--since", "today"},
	{"/bin/grep", "grep", "-c", "error", "/var/log/nginx/error.log"},
	{"sudo", "/usr/bin/apt-get", "apt-get", "update"},
	{"/usr/bin/id", "id"},
}
