package edge

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
)

// Kind says what an entity is.
type Kind uint8

// The kinds of entities.
const (
	KindNone Kind = iota
	KindProcess
	KindFile
	KindSession
	KindService
	KindJob
	KindEndpoint
	KindAccount
	KindRegistry
	KindPipe
	KindName
	KindLog
	KindScript
	KindResource
	KindShare
	KindPrincipal // an account or application of an identity provider, by its object id
	KindGroup
	KindMailbox // by the address of its owner
	KindDevice  // of device management, by its identifier
)

var kindNames = [...]string{
	"none", "process", "file", "session", "service", "job", "endpoint", "account",
	"registry", "pipe", "name", "log", "script", "resource", "share", "principal",
	"group", "mailbox", "device",
}

// String returns the kind's name as the JSON graph shows it.
func (k Kind) String() string { return kindNames[k] }

// Entity names one thing an event speaks of. Key is unique within Kind and
// Host; a process without a unique identifier has only a PID, and Build finds
// its life. Name is for people.
type Entity struct {
	Kind Kind
	Host string
	Key  string
	Name string
	PID  int64 // 0 when unknown; only for processes
}

// String returns kind, host and key, e.g. "process:ws-017/{guid}".
func (e Entity) String() string {
	key := e.Key
	if key == "" && e.PID != 0 {
		key = "pid " + strconv.FormatInt(e.PID, 10)
	}
	return e.Kind.String() + ":" + e.Host + "/" + key
}

// Is reports whether the entity names anything.
func (e Entity) Is() bool { return e.Kind != KindNone }

func process(host, uid, pid, path, name string) Entity {
	n := Number(pid)
	uid = GUID(uid)
	if path == "" {
		path = name
	}
	if strings.Contains(path, "unknown process") {
		path = "" // Sysmon for Linux writes so where it saw no start
	}
	if uid == "" && n == 0 {
		return Entity{}
	}
	return Entity{Kind: KindProcess, Host: host, Key: uid, Name: path, PID: n}
}

// Number reads a decimal, 0 where there is none.
func Number(s string) int64 {
	if s == "" {
		return 0
	}
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

// Actor returns the acting process, or the process of the event where the
// mapping has only that one. h is the event's host.
func Actor(ev *event.Event, h string) Entity {
	a := ev.Attrs
	e := process(h, a.Get(event.AttrActorProcessUID), a.Get(event.AttrActorPID),
		a.Get(event.AttrActorPath), a.Get(event.AttrActorName))
	if !e.Is() && ev.Class != event.ClassProcess {
		return target(ev, h)
	}
	return e
}

// target returns the process acted upon or started.
func target(ev *event.Event, h string) Entity {
	a := ev.Attrs
	return process(h, a.Get(event.AttrProcessUID), a.Get(event.AttrProcessPID),
		a.Get(event.AttrProcessPath), a.Get(event.AttrProcessName))
}

// actorOrSession returns the acting process, else the session that acted.
func actorOrSession(ev *event.Event, h string) Entity {
	if e := Actor(ev, h); e.Is() {
		return e
	}
	return session(h, ev.Attrs.Get(event.AttrActorSession),
		ev.Attrs.Get(event.AttrActorUser))
}

func session(host, id, user string) Entity {
	id = strings.ToLower(id)
	if id == "" || id == "-" || id == "0x0" || id == "4294967295" {
		return Entity{}
	}
	if len(id) >= 32 && strings.Count(id, "-") >= 4 {
		if GUID(id) == "" {
			return Entity{}
		}
		host = "" // unique everywhere: sessions of identity providers
	}
	return Entity{Kind: KindSession, Host: host, Key: id, Name: user}
}

// principal names who acts in a cloud by the object id of the directory; nothing
// where the id is no such id.
func principal(id, name string) Entity {
	id = GUID(id)
	if len(id) != 36 || strings.Count(id, "-") != 4 {
		return Entity{}
	}
	return Entity{Kind: KindPrincipal, Key: id, Name: name}
}

func file(host, path string) Entity {
	if path == "" || path == "-" {
		return Entity{}
	}
	return Entity{Kind: KindFile, Host: host, Key: NormalPath(path), Name: path}
}

func endpoint(ip, port string) Entity {
	ip = Address(ip)
	if ip == "" {
		return Entity{}
	}
	key := ip
	if port = portText(port); port != "" {
		key += ":" + port
		if strings.Contains(ip, ":") {
			key = "[" + ip + "]:" + port
		}
	}
	return Entity{Kind: KindEndpoint, Key: key, Name: key}
}

func named(kind Kind, host, name string) Entity {
	if name == "" || name == "-" {
		return Entity{}
	}
	return Entity{Kind: kind, Host: host, Key: strings.ToLower(name), Name: name}
}

// HostOf returns the short lower-case name of the event's host. Process records
// without one (an audit log without node=) get their log source instead, so
// that process ids of different machines never meet.
func HostOf(ev *event.Event) string {
	h := ShortHost(ev.Attrs.Get(event.AttrHost))
	if h == "" && ev.Attrs.Get(event.AttrProcessPID)+ev.Attrs.Get(event.AttrActorPID) != "" {
		return ev.Attrs.Get(event.AttrLogSource)
	}
	return h
}

// ShortHost returns the name in lower case without its domain; an address
// stays whole.
func ShortHost(name string) string {
	name = strings.ToLower(strings.TrimRight(strings.TrimSpace(name), "."))
	name = strings.TrimLeft(name, `\`)
	if Address(name) == name && strings.ContainsAny(name, ".:") && !hasLetter(name) {
		return name
	}
	short, _, _ := strings.Cut(name, ".")
	return short
}

func hasLetter(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r >= 'g' && r <= 'z' })
}

// GUID returns a globally unique identifier in lower case without braces; ""
// for the nil identifier that Windows writes for "none".
func GUID(s string) string {
	s = strings.ToLower(strings.Trim(s, "{} "))
	if s == "-" || strings.Trim(s, "0-") == "" {
		return ""
	}
	return s
}

// StartOf returns the start time that a process identifier of Sysmon carries, by
// the clock of the sensor: the second and third group of the identifier are the
// seconds since 1970, low half first. ok is false for other identifiers.
func StartOf(uid string) (at time.Time, ok bool) {
	if len(uid) != 36 || uid[8] != '-' || uid[13] != '-' || uid[18] != '-' || uid[23] != '-' {
		return time.Time{}, false
	}
	secs, err := strconv.ParseUint(uid[14:18]+uid[9:13], 16, 32)
	if err != nil || secs < 1<<30 { // before 2004: the field is something else
		return time.Time{}, false
	}
	return time.Unix(int64(secs), 0).UTC(), true
}

// Address returns an address in the form joins compare: IPv4-mapped addresses
// unwrapped; "" for placeholders and for loopback, which name nobody.
func Address(ip string) string {
	ip = strings.ToLower(strings.TrimSpace(ip))
	ip = strings.TrimPrefix(ip, "::ffff:")
	switch ip {
	case "-", "", "::1", "0.0.0.0", "::", "local", "localhost":
		return ""
	}
	if strings.HasPrefix(ip, "127.") {
		return ""
	}
	return ip
}

func portText(port string) string {
	if port == "0" || port == "-" {
		return ""
	}
	return port
}

// PrivateAddress reports whether an address can be a host of ours.
func PrivateAddress(ip string) bool {
	a, err := netip.ParseAddr(strings.TrimSpace(ip))
	return err == nil && (a.IsPrivate() || a.IsLinkLocalUnicast())
}
