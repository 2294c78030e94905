package edge

import (
	"strconv"
	"strings"

	"github.com/evident-sec/evident/event"
)

// Access rights of a Windows process handle (winnt.h).
const (
	accessCreateThread = 0x0002
	accessVMOperation  = 0x0008
	accessVMRead       = 0x0010
	accessVMWrite      = 0x0020
	accessTakeOver     = accessCreateThread | accessVMOperation | accessVMWrite
)

func (x *extractor) process() {
	switch x.ev.Activity {
	case event.ProcessLaunch:
		x.launch()
	case event.ProcessTerminate:
		p := target(x.ev, x.host)
		if !p.Is() {
			p = process(x.host, x.get(event.AttrActorProcessUID), x.get(event.AttrActorPID),
				x.get(event.AttrActorPath), x.get(event.AttrActorName))
		}
		x.add(VerbEnded, Context, Entity{}, p, nil)
	case event.ProcessOpen:
		x.open()
	case event.ProcessInject:
		if src, dst := Actor(x.ev, x.host), target(x.ev, x.host); src.Is() && dst.Is() {
			x.add(VerbInjected, Control, src, dst, &Facts{Value: x.get(event.AttrStatusDetail)})
		}
	}
}

func (x *extractor) launch() {
	child := target(x.ev, x.host)
	if !child.Is() || x.failed() { // a failed execve starts nothing
		return
	}
	facts := &Facts{
		CmdLine: x.get(event.AttrProcessCmdLine), User: x.get(event.AttrProcessUser),
		Session:     strings.ToLower(x.get(event.AttrProcessSession)),
		SessionGUID: GUID(x.get(event.AttrProcessSessionGUID)),
		Integrity:   x.get(event.AttrProcessIntegrity),
		SHA256:      strings.ToLower(x.get(event.AttrProcessSHA256)),
		Original:    x.get(event.AttrProcessOriginal),
		Linux:       strings.HasPrefix(child.Name, "/") || x.ev.Format == event.FormatAuditd,
	}
	if facts.User == "" {
		facts.User = x.get(event.AttrActorUser)
	}
	if facts.Session == "" || facts.Session == "0x0" {
		facts.Session = strings.ToLower(x.get(event.AttrActorSession))
	}
	x.add(VerbSpawned, Control, Actor(x.ev, x.host), child, facts)
	if s := session(x.host, facts.Session, facts.User); s.Is() && !MachineSession(s.Key) {
		x.add(VerbStarted, Control, s, child, facts)
	}
}

// open keeps the handles that matter: on the process that holds credentials,
// and those that allow taking a process over.
func (x *extractor) open() {
	access := x.get(event.AttrAccess)
	mask := accessMask(access)
	if mask&accessVMRead == 0 && mask&accessTakeOver != accessTakeOver {
		return // most handles: nothing is built for them
	}
	src, dst := Actor(x.ev, x.host), target(x.ev, x.host)
	if !src.Is() || !dst.Is() {
		return
	}
	facts := &Facts{Access: access}
	switch {
	case isCredentialHolder(dst.Name):
		if mask&accessVMRead != 0 {
			x.add(VerbReadMemory, Data, src, dst, facts)
		}
	case mask&accessTakeOver == accessTakeOver:
		x.add(VerbOpened, Context, src, dst, facts)
	}
}

func isCredentialHolder(path string) bool {
	return Base(path) == "lsass.exe" && SystemPath(NormalPath(path))
}

func accessMask(s string) int64 {
	s = strings.ToLower(strings.TrimSpace(s))
	if rest, ok := strings.CutPrefix(s, "0x"); ok {
		n, _ := strconv.ParseInt(rest, 16, 64)
		return n
	}
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

// OCSF activities of File System Activity (1001).
const (
	fileCreate = 1
	fileRead   = 2
	fileUpdate = 3
	fileDelete = 4
	fileRename = 5
	fileSet    = 6
	fileOpen   = 14
)

var fileVerbs = map[uint8]Verb{
	fileCreate: VerbWrote, fileUpdate: VerbWrote, fileDelete: VerbDeleted,
	fileRename: VerbRenamed, fileSet: VerbAltered, fileRead: VerbRead, fileOpen: VerbRead,
}

func (x *extractor) file() {
	path := x.get(event.AttrFilePath)
	if path == "" {
		path = x.get(event.AttrFileName)
	}
	f, who := file(x.host, path), actorOrSession(x.ev, x.host)
	if !who.Is() && x.ev.Class == event.ClassModule {
		who = named(KindResource, x.host, "kernel") // a driver: no process loads it
	}
	if !who.Is() {
		x.fileOnTheWire()
	}
	if !f.Is() || !who.Is() || x.failed() {
		return
	}
	facts := &Facts{
		SHA256: strings.ToLower(x.get(event.AttrFileSHA256)),
		Origin: x.get(event.AttrFileOrigin), Signed: x.get(event.AttrFileSigned),
		Bytes: x.int(event.AttrFileSize),
	}
	if x.ev.Class == event.ClassModule {
		x.add(VerbLoaded, Data, f, who, facts)
		return
	}
	verb, ok := fileVerbs[x.ev.Activity]
	switch {
	case !ok:
		x.add(VerbActed, Context, who, f, facts)
	case verb == VerbRead:
		x.add(verb, Data, f, who, facts)
	default:
		x.add(verb, Data, who, f, facts)
	}
}

func (x *extractor) registry() {
	key := x.get(event.AttrRegKey)
	service, auto := isAutostart(key)
	who := actorOrSession(x.ev, x.host)
	if !auto || !who.Is() {
		return
	}
	facts := &Facts{Value: x.get(event.AttrRegValue), Command: x.get(event.AttrRegValue)}
	x.add(VerbSetValue, Data, who, named(KindRegistry, x.host, key), facts)
	if service != "" {
		x.add(VerbInstalled, Control, who, named(KindService, x.host, service), facts)
	}
}
