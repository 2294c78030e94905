package causal

import "strings"

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
var jobHosts = set("svchost.exe", "taskeng.exe", "taskhostw.exe", "cron", "crond", "atd", "systemd")

// remoteHosts start what a remote session asks for.
var remoteHosts = set(
	"wmiprvse.exe", "wsmprovhost.exe", "winrshost.exe", "sshd", "rdpinit.exe", "rdpshell.exe",
	"userinit.exe", "explorer.exe", "svchost.exe", "dllhost.exe", "mmc.exe", "login", "winlogon.exe",
)

// interpreters run what others tell them to.
var interpreters = set(
	"cmd.exe", "powershell.exe", "pwsh.exe", "wscript.exe", "cscript.exe", "mshta.exe",
	"rundll32.exe", "regsvr32.exe", "msbuild.exe", "installutil.exe", "wmic.exe", "bash", "sh",
	"dash", "zsh", "python", "python3", "perl", "ruby", "bash.exe", "python.exe", "hh.exe",
)

// consoles belong to the program that opened them.
var consoles = set("conhost.exe", "openconsole.exe")

// machineSessions are the logon sessions of Windows itself; everything shares
// them, so they join nothing.
var machineSessions = set("0x3e7", "0x3e4", "0x3e5", "999", "997", "996")

// codeExtensions are the file types whose mention in a command line means that
// their content runs, or opens in a program that runs code from it.
var codeExtensions = set(
	"exe", "dll", "ps1", "psm1", "bat", "cmd", "vbs", "vbe", "js", "jse", "wsf", "hta", "msi", "scr",
	"cpl", "ocx", "sct", "xll", "lnk", "iso", "img", "chm", "jar", "py", "sh", "pl", "docm", "xlsm",
	"xlsb", "pptm", "dotm", "doc", "xls", "docx", "xlsx", "rtf", "one", "inf", "xml", "elf", "so",
)

// archiveExtensions are types that hold many files.
var archiveExtensions = set("zip", "rar", "7z", "tar", "gz", "tgz", "cab", "zst", "xz")

var linuxSystemDirs = []string{
	"/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/", "/etc/", "/opt/", "/snap/",
}

// autostarts are fragments of registry paths whose values are later run.
var autostarts = []string{
	`\currentversion\run`, `\image file execution options\`, `\currentversion\winlogon\`,
	`\environment\userinitmprlogonscript`, `\silentprocessexit\`, `\appinit_dlls`,
	`\inprocserver32`, `\localserver32`, `\control\lsa\`, `\active setup\`, `\appcertdlls`,
	`\control\print\monitors\`, `\netsh\`, `\schedule\taskcache\`, `\control\minint`,
	`\currentversion\policies\explorer\run`, `\shell\open\command`,
}

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

func roleOf(path string) role {
	base := Base(path)
	switch {
	case boundaries[base] && isSystemPath(NormalPath(path)):
		return roleBoundary
	case portals[base]:
		return rolePortal
	}
	return rolePlain
}

// isAutostart reports whether the registry key or value names code that the
// system runs later; service says the service it belongs to.
func isAutostart(key string) (service string, auto bool) {
	key = strings.ToLower(key)
	if _, rest, ok := strings.Cut(key, `\services\`); ok {
		name, value, _ := strings.Cut(rest, `\`)
		return name, value == "imagepath" || strings.HasSuffix(value, `\servicedll`)
	}
	for _, a := range autostarts {
		if strings.Contains(key, a) {
			return "", true
		}
	}
	return "", false
}

// extension returns the lower-case extension of a path without the dot.
func extension(path string) string {
	base := Base(path)
	i := strings.LastIndexByte(base, '.')
	if i < 0 {
		return ""
	}
	return strings.ToLower(base[i+1:])
}

// Code reports whether the file is of a type whose content runs.
func Code(path string) bool { return codeExtensions[extension(path)] }

// Archive reports whether the file is of a type that holds many files, or one
// volume of such a file ("x.7z.001").
func Archive(path string) bool {
	ext := extension(path)
	if ext != "" && strings.Trim(ext, "0123456789") == "" {
		ext = extension(strings.TrimSuffix(path, "."+ext))
	}
	return archiveExtensions[ext]
}
