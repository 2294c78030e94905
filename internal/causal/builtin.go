package causal

import "github.com/evident-sec/evident/internal/causal/edge"

// The tables below name components of operating systems and common desktop
// programs. They are the only names the search knows.

// role says how control passes through a program.
type role uint8

const (
	rolePlain    role = iota
	roleBoundary      // long-lived, serves everybody: never followed by itself
	rolePortal        // brings in content from outside: an entry, never tainted
)

// boundaries are long-lived system programs. They count only where the image
// lies in a system folder: a copy elsewhere is an ordinary program.
var boundaries = set(
	"system", "registry", "smss.exe", "csrss.exe", "wininit.exe", "winlogon.exe",
	"services.exe", "svchost.exe", "lsass.exe", "lsaiso.exe", "explorer.exe", "userinit.exe",
	"dwm.exe", "fontdrvhost.exe", "sihost.exe", "taskhostw.exe", "taskhost.exe", "taskeng.exe",
	"runtimebroker.exe", "wmiprvse.exe", "scrcons.exe", "spoolsv.exe", "searchindexer.exe",
	"trustedinstaller.exe", "tiworker.exe", "msiexec.exe", "logonui.exe", "memory compression",
	"mmc.exe", "dllhost.exe", "ctfmon.exe", "rdpclip.exe", "audiodg.exe",
	"systemd", "init", "sshd", "cron", "crond", "atd", "dbus-daemon", "systemd-logind",
	"login", "gdm", "launchd", "kthreadd",
)

// portals are programs that fetch what others send.
var portals = set(
	"outlook.exe", "olk.exe", "thunderbird.exe", "hxtsr.exe", "chrome.exe", "msedge.exe",
	"firefox.exe", "iexplore.exe", "brave.exe", "opera.exe", "teams.exe", "ms-teams.exe",
	"slack.exe", "onedrive.exe", "msedgewebview2.exe", "thunderbird", "firefox", "chrome",
)

// mailPrograms are the portals whose content arrives as mail.
var mailPrograms = set("outlook.exe", "olk.exe", "thunderbird.exe", "hxtsr.exe", "thunderbird")

// jobHosts start scheduled jobs.
var jobHosts = set(
	"svchost.exe", "taskeng.exe", "taskhostw.exe", "cron", "crond", "atd", "systemd",
	"wmiprvse.exe", "scrcons.exe", // consumers of WMI events
)

// remoteHosts start what a remote session asks for.
var remoteHosts = set(
	"wmiprvse.exe", "wsmprovhost.exe", "winrshost.exe", "sshd", "rdpinit.exe", "rdpshell.exe",
	"userinit.exe", "explorer.exe", "svchost.exe", "dllhost.exe", "mmc.exe", "login", "winlogon.exe",
)

// desktops start what the person at the screen asks for.
var desktops = set("explorer.exe", "userinit.exe", "sihost.exe", "gdm", "login")

// interpreters run what others tell them to.
var interpreters = set(
	"cmd.exe", "powershell.exe", "pwsh.exe", "wscript.exe", "cscript.exe", "mshta.exe",
	"rundll32.exe", "regsvr32.exe", "msbuild.exe", "installutil.exe", "wmic.exe", "bash", "sh",
	"dash", "zsh", "python", "python3", "perl", "ruby", "bash.exe", "python.exe", "hh.exe",
)

// consoles belong to the program that opened them.
var consoles = set("conhost.exe", "openconsole.exe")

func roleOf(path string) role {
	base := Base(path)
	switch {
	case boundaries[base] && edge.SystemPath(NormalPath(path)):
		return roleBoundary
	case portals[base]:
		return rolePortal
	}
	return rolePlain
}

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}
