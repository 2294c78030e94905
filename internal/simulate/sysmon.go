package simulate

import (
	"strings"
)

// sysmon writes a Sysmon record. Its data begins with the rule name and the
// time, as in every Sysmon event.
func (a *actor) sysmon(id, version int, title string, data ...string) {
	all := make([]string, 0, len(data)+4)
	all = append(all, "RuleName", "-", "UtcTime", a.w.clock(a.t).Format(utcMillis))
	a.log(&winEvent{
		ch: &sysmonLog, id: id, version: version, task: id,
		category: title + " (rule: " + sysmonRules[id] + ")",
		data:     append(all, data...), title: title,
	})
}

var sysmonRules = map[int]string{
	1: "ProcessCreate", 3: "NetworkConnect", 5: "ProcessTerminate", 7: "ImageLoad",
	8: "CreateRemoteThread", 10: "ProcessAccess", 11: "FileCreate", 12: "RegistryEvent",
	13: "RegistryEvent", 15: "FileCreateStreamHash", 17: "PipeEvent", 18: "PipeEvent",
	22: "DnsQuery", 23: "FileDelete",
}

func (p *process) ids() []string {
	return []string{"ProcessGuid", p.guid, "ProcessId", decimal(p.pid), "Image", p.image}
}

func (a *actor) logonGUID(s *session) string {
	return a.h.sysmonGUID(a.w.clock(s.started).Unix(), s.luid)
}

func (a *actor) sysmonStart(p *process) {
	parent, b := p.parent, p.bin
	a.sysmon(1, 5, "Process Create", append(p.ids(),
		"FileVersion", b.version, "Description", b.description, "Product", b.product,
		"Company", b.company, "OriginalFileName", b.orig, "CommandLine", p.cmd,
		"CurrentDirectory", p.dir, "User", p.s.who.user(), "LogonGuid", a.logonGUID(p.s),
		"LogonId", hexID(p.s.luid), "TerminalSessionId", decimal(p.s.terminal),
		"IntegrityLevel", p.integrity, "Hashes", b.hashes,
		"ParentProcessGuid", parent.guid, "ParentProcessId", decimal(parent.pid),
		"ParentImage", parent.image, "ParentCommandLine", parent.cmd,
		"ParentUser", parent.s.who.user())...)
}

func (a *actor) sysmonExit(p *process) {
	a.sysmon(5, 3, "Process terminated", append(p.ids(), "User", p.s.who.user())...)
}

// write creates a file (event 11).
func (a *actor) write(p *process, path string) {
	a.tick()
	a.sysmon(11, 2, "File created", append(p.ids(), "TargetFilename", path,
		"CreationUtcTime", a.w.clock(a.t).Format(utcMillis), "User", p.s.who.user())...)
}

// download creates a file with a mark of the web (events 11 and 15).
func (a *actor) download(p *process, path, content, origin string) {
	a.write(p, path)
	a.tick()
	a.sysmon(15, 2, "File stream created", append(p.ids(),
		"TargetFilename", path+":Zone.Identifier",
		"CreationUtcTime", a.w.clock(a.t).Format(utcMillis), "Hash", hashes(content),
		"Contents", "[ZoneTransfer]  ZoneId=3  "+origin, "User", p.s.who.user())...)
}

// remove deletes a file (event 23).
func (a *actor) remove(p *process, path, content string) {
	a.tick()
	a.sysmon(23, 5, "File Delete archived", append(p.ids(), "User", p.s.who.user(),
		"TargetFilename", path, "Hashes", hashes(content),
		"IsExecutable", boolText(strings.HasSuffix(path, ".exe")), "Archived", "true")...)
}

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// load loads a library (event 7).
func (a *actor) load(p *process, path string) {
	a.tick()
	b := a.w.binary(path)
	a.sysmon(7, 3, "Image loaded", append(p.ids(), "ImageLoaded", path,
		"FileVersion", b.version, "Description", b.description, "Product", b.product,
		"Company", b.company, "OriginalFileName", b.orig, "Hashes", b.hashes,
		"Signed", boolText(b.signed), "Signature", b.signer,
		"SignatureStatus", signatureStatus(b), "User", p.s.who.user())...)
}

func signatureStatus(b *binary) string {
	if b.signed {
		return "Valid"
	}
	return "Unavailable"
}

// open opens another process with the given access mask (event 10).
func (a *actor) open(p, target *process, mask, trace string) {
	a.tick()
	a.sysmon(10, 3, "Process accessed",
		"SourceProcessGUID", p.guid, "SourceProcessId", decimal(p.pid),
		"SourceThreadId", decimal(4*a.d.between(100, 2500)), "SourceImage", p.image,
		"TargetProcessGUID", target.guid, "TargetProcessId", decimal(target.pid),
		"TargetImage", target.image, "GrantedAccess", mask, "CallTrace", trace,
		"SourceUser", p.s.who.user(), "TargetUser", target.s.who.user())
}

// Call traces of event 10: the usual way through kernelbase, and from memory
// that belongs to no file.
const (
	traceLinked = `C:\Windows\SYSTEM32\ntdll.dll+9f8a4|C:\Windows\System32\KERNELBASE.dll+32ea6`
	traceMemory = `C:\Windows\SYSTEM32\ntdll.dll+9f8a4|UNKNOWN(000001E2C0FA4B1D)`
)

// inject starts a thread in another process (event 8).
func (a *actor) inject(p, target *process, module, function string) {
	a.tick()
	address := "0x00007FF" + strings.ToUpper(guid(a.d)[:8]) + "0"
	a.sysmon(8, 2, "CreateRemoteThread detected",
		"SourceProcessGuid", p.guid, "SourceProcessId", decimal(p.pid), "SourceImage", p.image,
		"TargetProcessGuid", target.guid, "TargetProcessId", decimal(target.pid),
		"TargetImage", target.image, "NewThreadId", decimal(4*a.d.between(100, 2500)),
		"StartAddress", address, "StartModule", module, "StartFunction", function,
		"SourceUser", p.s.who.user(), "TargetUser", target.s.who.user())
}

// setValue sets a registry value (event 13).
func (a *actor) setValue(p *process, target, details string) {
	a.tick()
	a.sysmon(13, 2, "Registry value set", append([]string{"EventType", "SetValue"},
		append(p.ids(), "TargetObject", target, "Details", details, "User", p.s.who.user())...)...)
}

// createKey creates a registry key (event 12).
func (a *actor) createKey(p *process, target string) {
	a.tick()
	a.sysmon(12, 2, "Registry object added or deleted", append([]string{"EventType", "CreateKey"},
		append(p.ids(), "TargetObject", target, "User", p.s.who.user())...)...)
}

// pipe creates (event 17) or connects (event 18) a named pipe.
func (a *actor) pipe(p *process, id int, name string) {
	a.tick()
	title, kind := "Pipe Created", "CreatePipe"
	if id == 18 {
		title, kind = "Pipe Connected", "ConnectPipe"
	}
	a.sysmon(id, 1, title, "EventType", kind, "ProcessGuid", p.guid, "ProcessId", decimal(p.pid),
		"PipeName", name, "Image", p.image, "User", p.s.who.user())
}

// query writes the name lookup of a process (event 22).
func (a *actor) query(p *process, name, answer string) {
	status, results := "0", "::ffff:"+answer+";"
	if answer == "" {
		status, results = "9003", "-"
	}
	a.sysmon(22, 5, "Dns query", "ProcessGuid", p.guid, "ProcessId", decimal(p.pid),
		"QueryName", name, "QueryStatus", status, "QueryResults", results,
		"Image", p.image, "User", p.s.who.user())
}

// connected writes a network connection of a process (event 3).
func (a *actor) connected(p *process, c *conn) {
	a.sysmon(3, 5, "Network connection detected", append(p.ids(), "User", p.s.who.user(),
		"Protocol", c.proto, "Initiated", "true", "SourceIsIpv6", "false",
		"SourceIp", c.from, "SourceHostname", "-", "SourcePort", decimal(c.fromPort),
		"SourcePortName", "-", "DestinationIsIpv6", "false", "DestinationIp", c.to,
		"DestinationHostname", "-", "DestinationPort", decimal(c.toPort),
		"DestinationPortName", portName(c.toPort))...)
}

func portName(port uint16) string {
	switch port {
	case 80:
		return "http"
	case 443:
		return "https"
	case 445:
		return "microsoft-ds"
	case 3389:
		return "ms-wbt-server"
	case 22:
		return "ssh"
	case 88:
		return "kerberos"
	}
	return "-"
}
