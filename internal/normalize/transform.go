package normalize

import (
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"
)

// transform turns one text into another; "" means absent.
type transform func(r *run, s string) string

// transforms are the ones without argument, by the name the mapping uses.
var transforms = map[string]transform{
	"lower":          func(r *run, s string) string { return r.lower(s) },
	"trim":           func(_ *run, s string) string { return strings.TrimSpace(s) },
	"basename":       func(_ *run, s string) string { return basename(s) },
	"host":           func(r *run, s string) string { return r.shortHost(s) },
	"host-name":      func(r *run, s string) string { return hostName(r, s) },
	"host-domain":    func(r *run, s string) string { return hostDomain(r, s) },
	"account":        func(_ *run, s string) string { return afterLast(s, '\\') },
	"account-domain": func(_ *run, s string) string { return beforeFirst(s, '\\') },
	"before-at":      func(_ *run, s string) string { local, _, _ := strings.Cut(s, "@"); return local },
	"guid":           func(r *run, s string) string { return guid(r, s) },
	"logon":          func(r *run, s string) string { return logonID(r, s) },
	"ip":             func(_ *run, s string) string { return address(s) },
	"remote-ip":      func(_ *run, s string) string { return remoteAddress(s) },
	"sid":            func(_ *run, s string) string { return sid(s) },
	"port":           func(_ *run, s string) string { return port(s) },
	"integer":        func(_ *run, s string) string { return integer(s) },
	"path":           func(_ *run, s string) string { return plainPath(s) },
	"xml":            func(_ *run, s string) string { return xmlText(s) },
	"words":          func(_ *run, s string) string { return strings.Join(strings.Fields(s), ",") },
	"dns-answers":    func(_ *run, s string) string { return dnsAnswers(s) },
	"first-word":     func(_ *run, s string) string { word, _, _ := strings.Cut(s, " "); return word },
	"hex":            func(_ *run, s string) string { return integer("0x" + s) },
	"not-unset":      func(_ *run, s string) string { return notUnset(s) },
	"not-zero":       func(_ *run, s string) string { return notZero(s) },
}

// basename returns what follows the last slash of either kind.
func basename(s string) string { return s[strings.LastIndexAny(s, `\/`)+1:] }

func afterLast(s string, b byte) string { return s[strings.LastIndexByte(s, b)+1:] }

// beforeFirst returns what stands before b, "" where b is missing.
func beforeFirst(s string, b byte) string {
	if i := strings.IndexByte(s, b); i >= 0 {
		return s[:i]
	}
	return ""
}

// lower returns the text in lower case; ASCII text that is lower already is
// returned as it is.
func (r *run) lower(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf {
			if c >= utf8.RuneSelf {
				return strings.ToLower(s)
			}
			return r.lowerFrom(s, i)
		}
	}
	return s
}

func (r *run) lowerFrom(s string, i int) string {
	buf := append(r.mem.room(len(s)), s...)
	for ; i < len(buf); i++ {
		if c := buf[i]; c >= 'A' && c <= 'Z' {
			buf[i] = c + 'a' - 'A'
		} else if c >= utf8.RuneSelf {
			return strings.ToLower(s)
		}
	}
	return r.mem.keep(buf)
}

// shortHost returns the host name in lower case without domain; an address
// stays whole.
func (r *run) shortHost(s string) string {
	if short, ok := r.hosts[s]; ok {
		return short
	}
	short := strings.TrimPrefix(s, `\\`)
	if _, err := netip.ParseAddr(short); err != nil {
		short, _, _ = strings.Cut(short, ".")
	}
	short = r.lower(short)
	if len(r.hosts) < maxCachedHosts {
		r.hosts[s] = short
	}
	return short
}

// maxCachedHosts bounds the cache of one entry's host names.
const maxCachedHosts = 1024

// hostName is the whole name in lower case where s is a name, not an address.
func hostName(r *run, s string) string {
	if address(s) != "" {
		return ""
	}
	return r.lower(s)
}

func hostDomain(r *run, s string) string {
	if _, err := netip.ParseAddr(s); err == nil {
		return ""
	}
	_, domain, _ := strings.Cut(s, ".")
	return r.lower(strings.TrimSuffix(domain, "."))
}

// guid removes braces, lowers the case, and drops the all-zero value.
func guid(r *run, s string) string {
	s = strings.Trim(s, "{}")
	if strings.Trim(s, "0-") == "" {
		return ""
	}
	return r.lower(s)
}

// logonID writes a session identifier as 0x and lower-case hex without leading
// zeros, whether it came in hex or decimal; 0 is absent.
func logonID(r *run, s string) string {
	digits, isHex := strings.CutPrefix(s, "0x")
	if !isHex {
		digits, isHex = strings.CutPrefix(s, "0X")
	}
	if !isHex {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			return s
		}
		if n == 0 {
			return ""
		}
		return "0x" + strconv.FormatUint(n, 16)
	}
	short := strings.TrimLeft(digits, "0")
	if short == "" {
		return ""
	}
	if len(short) == len(digits) && s[1] == 'x' {
		return r.lower(s)
	}
	return r.lower(r.mem.join("0x", "", short))
}

// address returns the canonical text of an IP address without zone, IPv4 mapped
// addresses as IPv4; text that is no address is absent.
func address(s string) string {
	s = strings.TrimSpace(s)
	addr, err := netip.ParseAddr(s)
	if err != nil {
		if host, _, ok := strings.Cut(s, ":"); ok && strings.Count(s, ":") == 1 {
			return address(host) // address:port
		}
		if strings.HasPrefix(s, "[") {
			inner, _, _ := strings.Cut(s[1:], "]")
			return address(inner)
		}
		return ""
	}
	if addr.Is4() {
		return s
	}
	return addr.Unmap().WithZone("").String()
}

// remoteAddress is address without loopback and unspecified addresses, which
// say "this host" in logons and never join two hosts.
func remoteAddress(s string) string {
	s = address(s)
	if addr, err := netip.ParseAddr(s); err != nil || addr.IsLoopback() || addr.IsUnspecified() {
		return ""
	}
	return s
}

// sid drops the null SID, which says "nobody".
func sid(s string) string {
	if s == "S-1-0-0" {
		return ""
	}
	return s
}

// port returns a port number, "" for 0.
func port(s string) string {
	if s = integer(s); s == "0" {
		return ""
	}
	return s
}

func notZero(s string) string {
	if strings.Trim(s, "0x") == "" {
		return ""
	}
	return s
}

// notUnset drops the audit system's "no login": the largest uint32, or -1.
func notUnset(s string) string {
	if s == "4294967295" || s == "-1" || s == "unset" {
		return ""
	}
	return s
}

// integer returns the decimal text of a decimal, hex (0x) or whole float
// number, "" where it is none.
func integer(s string) string {
	s = strings.TrimSpace(s)
	if isDecimal(s) {
		return s
	}
	if len(s) > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') {
		n, err := strconv.ParseUint(s[2:], 16, 63)
		if err != nil {
			return ""
		}
		return strconv.FormatUint(n, 10)
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f != float64(int64(f)) || f > 1<<53 || f < -1<<53 {
		return ""
	}
	return strconv.FormatInt(int64(f), 10)
}

// isDecimal reports whether s fits a signed 64-bit integer by its length and
// is written without sign or leading plus.
func isDecimal(s string) bool {
	if s == "" || len(s) > 18 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// plainPath takes the \??\ and \\?\ prefixes off a Windows path.
func plainPath(s string) string {
	if rest, ok := strings.CutPrefix(s, `\??\`); ok {
		return rest
	}
	if rest, ok := strings.CutPrefix(s, `\\?\`); ok {
		return rest
	}
	return s
}

// dnsAnswers turns Sysmon's "type:  5 a.example;::ffff:192.0.2.1;" into
// "a.example,192.0.2.1".
func dnsAnswers(s string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(s, ";") {
		part = strings.TrimSpace(part)
		if rest, ok := strings.CutPrefix(part, "type:"); ok {
			_, part, _ = strings.Cut(strings.TrimSpace(rest), " ")
		}
		if part = strings.TrimPrefix(strings.TrimSpace(part), "::ffff:"); part == "" || part == "-" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(part)
	}
	return b.String()
}
