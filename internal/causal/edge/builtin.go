package edge

import "strings"

// machineSessions are the logon sessions of Windows itself; everything shares
// them, so they join nothing.
var machineSessions = set("0x3e7", "0x3e4", "0x3e5", "999", "997", "996")

// MachineSession reports whether a logon session is one of Windows itself.
func MachineSession(id string) bool { return machineSessions[id] }

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

// Extension returns the lower-case extension of a path without the dot.
func Extension(path string) string {
	base := Base(path)
	i := strings.LastIndexByte(base, '.')
	if i < 0 {
		return ""
	}
	return strings.ToLower(base[i+1:])
}

// Code reports whether the file is of a type whose content runs.
func Code(path string) bool { return codeExtensions[Extension(path)] }

// Archive reports whether the file is of a type that holds many files, or one
// volume of such a file ("x.7z.001").
func Archive(path string) bool {
	ext := Extension(path)
	if ext != "" && strings.Trim(ext, "0123456789") == "" {
		ext = Extension(strings.TrimSuffix(path, "."+ext))
	}
	return archiveExtensions[ext]
}
