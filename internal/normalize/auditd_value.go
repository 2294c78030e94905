package normalize

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strings"

	"github.com/evident-sec/evident/event"
)

// eachPair visits the key=value pairs of an audit line. Values are bare, in
// double or single quotes, or bracketed lists; quotes are removed. It stops when
// visit returns false.
func eachPair(s string, visit func(key, value string, quoted bool) (more bool)) {
	for {
		s = strings.TrimLeft(s, " ,")
		eq := strings.IndexByte(s, '=')
		if eq < 0 {
			return
		}
		if sp := strings.LastIndexByte(s[:eq], ' '); sp >= 0 {
			s = s[sp+1:] // words between pairs carry no name
			continue
		}
		key := s[:eq]
		value, rest, quoted := pairValue(s[eq+1:])
		if key != "" && len(key) <= maxNameBytes && !visit(key, value, quoted) {
			return
		}
		s = rest
	}
}

// maxBracketBytes bounds the search for the end of a bracketed list.
const maxBracketBytes = 16 << 10

func pairValue(s string) (value, rest string, quoted bool) {
	if s == "" {
		return "", "", false
	}
	switch s[0] {
	case '"', '\'':
		if end := strings.IndexByte(s[1:], s[0]); end >= 0 {
			return s[1 : 1+end], s[end+2:], true
		}
	case '[':
		if end := strings.IndexByte(s[:min(len(s), maxBracketBytes)], ']'); end >= 0 {
			return s[:end+1], s[end+1:], true
		}
	}
	value, rest, _ = cutByte(s, ' ')
	return value, rest, false
}

// hexKeys are the fields that the kernel writes in hex when they hold a space,
// a quote or a control character, and bare or quoted otherwise.
var hexKeys = map[string]bool{
	"proctitle": true, "comm": true, "exe": true, "cwd": true, "name": true, "cmd": true,
	"path": true, "key": true, "acct": true, "data": true, "dir": true, "file": true, "vm": true,
}

// auditValue undoes the kernel's hex writing of untrusted text.
func auditValue(typ, key, value string, quoted bool) string {
	arg := typ == "EXECVE" && len(key) > 1 && key[0] == 'a' && key[1] >= '0' && key[1] <= '9'
	if quoted || !arg && !hexKeys[key] || len(value) < 2 || len(value)%2 != 0 {
		return value
	}
	b, err := hex.DecodeString(value)
	if err != nil {
		return value
	}
	text := strings.ReplaceAll(strings.TrimRight(string(b), "\x00"), "\x00", " ")
	if key == "key" {
		text = strings.ReplaceAll(text, "\x01", ",")
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// auditKind gives numbers their kind.
func auditKind(key, value string) event.Value {
	if value == "" || value == "(null)" || value == "?" {
		return event.Value{}
	}
	switch key {
	case "pid", "ppid", "uid", "auid", "euid", "gid", "ses", "syscall", "argc", "items":
		for i := range len(value) {
			if value[i] < '0' || value[i] > '9' {
				return textValue(value)
			}
		}
		return event.Value{Kind: event.Number, Text: value}
	}
	return textValue(value)
}

// decodeSockaddr reads a struct sockaddr in hex as the kernel logs it: the
// family in host order (little endian), port and address in network order.
func decodeSockaddr(text string) (family, addr string, port int) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) < 2 {
		return "", "", 0
	}
	switch binary.LittleEndian.Uint16(b) {
	case 1:
		return "local", "", 0
	case 2:
		if len(b) >= 8 {
			ip, _ := netip.AddrFromSlice(b[4:8])
			return "inet", ip.String(), int(binary.BigEndian.Uint16(b[2:]))
		}
	case 10:
		if len(b) >= 24 {
			ip, _ := netip.AddrFromSlice(b[8:24])
			return "inet6", ip.Unmap().String(), int(binary.BigEndian.Uint16(b[2:]))
		}
	case 16:
		return "netlink", "", 0
	}
	return "", "", 0
}

// shellJoin joins arguments with spaces, quoting those that hold one.
func shellJoin(argv [][]byte) string {
	var b strings.Builder
	for i, arg := range argv {
		a := string(arg)
		if i > 0 {
			b.WriteByte(' ')
		}
		if a == "" || strings.ContainsAny(a, " \t\n") {
			b.WriteByte('\'')
			b.WriteString(strings.ReplaceAll(a, "'", `'\''`))
			b.WriteByte('\'')
			continue
		}
		b.WriteString(a)
	}
	return b.String()
}
