package edge

import "strings"

// pathPrefixes rewrites the ways Windows spells the same place. Drive letters
// of device paths are unknown, which "?:" keeps.
var pathPrefixes = []struct{ from, to string }{
	{`\\?\`, ""},
	{`\??\`, ""},
	{`\\.\`, ""},
	{`\systemroot\`, `c:\windows\`},
	{`%systemroot%\`, `c:\windows\`},
	{`%windir%\`, `c:\windows\`},
	{`%systemdrive%\`, `c:\`},
	{`%programfiles%\`, `c:\program files\`},
	{`%programdata%\`, `c:\programdata\`},
}

// NormalPath returns the path in the form joins compare: lower case for
// Windows, one spelling for its prefixes, "?:" for device volumes, and
// administrative shares as the folder they show. Linux paths stay as they are.
// Short (8.3) names stay and are compared by SamePath.
func NormalPath(path string) string {
	path = strings.Trim(strings.TrimSpace(path), `"`)
	if strings.HasPrefix(path, "/") {
		return path
	}
	path = strings.ReplaceAll(strings.ToLower(path), "/", `\`)
	for _, p := range pathPrefixes {
		if rest, ok := strings.CutPrefix(path, p.from); ok {
			path = p.to + rest
		}
	}
	if rest, ok := strings.CutPrefix(path, `\device\harddiskvolume`); ok {
		if _, tail, found := strings.Cut(rest, `\`); found {
			return `?:\` + tail
		}
	}
	return shareFolder(path)
}

// Expand returns a command line in lower case with the usual variables of the
// environment written out.
func Expand(cmd string) string {
	cmd = strings.ToLower(cmd)
	for _, p := range pathPrefixes {
		if strings.HasPrefix(p.from, "%") {
			cmd = strings.ReplaceAll(cmd, p.from, p.to)
		}
	}
	return cmd
}

// shareFolder maps \\host\admin$\x and \\host\c$\x to the folder on the host.
func shareFolder(path string) string {
	rest, ok := strings.CutPrefix(path, `\\`)
	if !ok {
		return path
	}
	_, rest, ok = strings.Cut(rest, `\`)
	if !ok {
		return path
	}
	share, tail, _ := strings.Cut(rest, `\`)
	switch {
	case share == "admin$":
		return `c:\windows\` + tail
	case len(share) == 2 && share[1] == '$':
		return share[:1] + `:\` + tail
	}
	return path
}

// Base returns the last element of a path of either system, in lower case for
// Windows.
func Base(path string) string {
	path = strings.Trim(path, `"`)
	if strings.HasPrefix(path, "/") {
		return path[strings.LastIndexByte(path, '/')+1:]
	}
	return strings.ToLower(path[strings.LastIndexAny(path, `\/`)+1:])
}

// SamePath reports whether two normal paths name the same file, and whether
// that rests on a short (8.3) name or an unknown drive letter.
func SamePath(a, b string) (same, ambiguous bool) {
	if a == b {
		return true, false
	}
	if !strings.Contains(a, "~") && !strings.Contains(b, "~") &&
		!strings.HasPrefix(a, "?:") && !strings.HasPrefix(b, "?:") {
		return false, false
	}
	as, bs := strings.Split(a, `\`), strings.Split(b, `\`)
	if len(as) != len(bs) || len(as) < 2 {
		return false, false
	}
	for i := range as {
		if !sameElement(as[i], bs[i]) {
			return false, false
		}
	}
	return true, true
}

func sameElement(a, b string) bool {
	return a == b || a == "?:" && len(b) == 2 || b == "?:" && len(a) == 2 ||
		isShortOf(a, b) || isShortOf(b, a)
}

// isShortOf reports whether short may be the 8.3 name of long: up to six
// characters, "~" and digits, and up to three characters after the last dot.
func isShortOf(short, long string) bool {
	stem, ext, _ := strings.Cut(short, ".")
	lead, digits, ok := strings.Cut(stem, "~")
	if !ok || digits == "" || len(ext) > 3 {
		return false
	}
	name, longExt := long, ""
	if i := strings.LastIndexByte(long, '.'); i > 0 {
		name, longExt = long[:i], long[i+1:]
	}
	name = strings.NewReplacer(" ", "", ".", "").Replace(name)
	return strings.HasPrefix(name, lead) && strings.HasPrefix(longExt, ext) &&
		(len(longExt) <= 3 || len(ext) == 3)
}

// SystemPath reports whether the normal path lies where only the
// operating system and administrators write.
func SystemPath(path string) bool {
	if strings.HasPrefix(path, "/") {
		for _, dir := range linuxSystemDirs {
			if strings.HasPrefix(path, dir) {
				return true
			}
		}
		return false
	}
	if len(path) < 3 || path[1] != ':' {
		return !strings.ContainsRune(path, '\\') // a bare name such as "System"
	}
	rest, ok := strings.CutPrefix(path[2:], `\windows\`)
	if !ok {
		return false
	}
	return !strings.HasPrefix(rest, `temp\`) && !strings.HasPrefix(rest, `tasks\`)
}

// InstalledPath reports whether the normal path lies where programs are
// installed by administrators: the system's folders and those of programs.
func InstalledPath(path string) bool {
	return SystemPath(path) || len(path) > 2 && strings.HasPrefix(path[2:], `\program files`)
}
