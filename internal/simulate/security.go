package simulate

import "strings"

// privileges of an administrator's token, as event 4672 lists them.
const privileges = "SeSecurityPrivilege\r\n\t\t\tSeBackupPrivilege\r\n\t\t\tSeRestorePrivilege" +
	"\r\n\t\t\tSeTakeOwnershipPrivilege\r\n\t\t\tSeDebugPrivilege\r\n\t\t\t" +
	"SeSystemEnvironmentPrivilege\r\n\t\t\tSeLoadDriverPrivilege\r\n\t\t\t" +
	"SeImpersonatePrivilege"

const noGUID = "{00000000-0000-0000-0000-000000000000}"

// Mandatory labels by Sysmon's integrity level.
var labels = map[string]string{
	"System": "S-1-16-16384", "High": "S-1-16-12288", "Medium": "S-1-16-8192", "Low": "S-1-16-4096",
}

// subject returns the Subject fields of a session. The system account shows
// itself under the computer's name.
func (s *session) subject() []string {
	name, domain := s.who.name, s.who.domain
	if s.who == systemAccount || s.who == networkService {
		name, domain = s.host.account.name, netbios
	}
	return []string{
		"SubjectUserSid", s.who.sid, "SubjectUserName", name,
		"SubjectDomainName", domain, "SubjectLogonId", hexID(s.luid),
	}
}

func (a *actor) security(id, task int, category string, data ...[]string) {
	e := &winEvent{ch: &securityLog, id: id, task: task, category: category}
	for _, d := range data {
		e.data = append(e.data, d...)
	}
	switch id {
	case 4625:
		e.failure = true
	case 4624, 4688:
		e.version = 2
	case 4697, 5140, 4663:
		e.version = 1
	}
	a.log(e)
}

// logStart writes the two records of a program start.
func (a *actor) logStart(p *process) {
	a.sysmonStart(p)
	creator := p.s
	if p.parent.s != nil {
		creator = p.parent.s
	}
	target := []string{
		"TargetUserSid", "S-1-0-0", "TargetUserName", "-",
		"TargetDomainName", "-", "TargetLogonId", "0x0",
	}
	if creator != p.s {
		target = []string{
			"TargetUserSid", "S-1-0-0", "TargetUserName", p.s.who.name,
			"TargetDomainName", p.s.who.domain, "TargetLogonId", hexID(p.s.luid),
		}
	}
	a.security(4688, 13312, "Process Creation", creator.subject(), []string{
		"NewProcessId", hexID(uint64(p.pid)), "NewProcessName", p.image,
		"TokenElevationType", p.s.token, "ProcessId", hexID(uint64(p.parent.pid)),
		"CommandLine", p.cmd,
	}, target, []string{"ParentProcessName", p.parent.image, "MandatoryLabel", labels[p.integrity]})
}

// logExit writes the two records of a program's end.
func (a *actor) logExit(p *process) {
	a.sysmonExit(p)
	a.security(4689, 13313, "Process Termination", p.s.subject(), []string{
		"Status", "0x0", "ProcessId", hexID(uint64(p.pid)), "ProcessName", p.image,
	})
}

// shareAccess writes event 5140: a session opens a share.
func (a *actor) shareAccess(n *networkLogon, share, local string) {
	a.security(5140, 12808, "File Share", n.s.subject(), []string{
		"ObjectType", "File", "IpAddress", n.ip, "IpPort", decimal(n.port),
		"ShareName", `\\*\` + share, "ShareLocalPath", `\??\` + local,
		"AccessMask", "0x1", "AccessList", "%%4416\r\n\t\t\t\t",
	})
}

// Access masks of events 5145 and 4663.
const (
	maskRead  = "0x120089"
	maskWrite = "0x12019f"
)

var accessLists = map[string]string{
	maskRead: "%%1538\r\n\t\t\t\t%%1541\r\n\t\t\t\t%%4416\r\n\t\t\t\t%%4419\r\n\t\t\t\t",
	maskWrite: "%%1538\r\n\t\t\t\t%%1541\r\n\t\t\t\t%%4416\r\n\t\t\t\t%%4417\r\n\t\t\t\t" +
		"%%4418\r\n\t\t\t\t",
	"0x1": "%%4416\r\n\t\t\t\t",
	"0x2": "%%4417\r\n\t\t\t\t",
}

// shareFile writes event 5145: a session opens a file below a share.
func (a *actor) shareFile(n *networkLogon, share, local, name, mask string) {
	a.security(5145, 12811, "Detailed File Share", n.s.subject(), []string{
		"ObjectType", "File", "IpAddress", n.ip, "IpPort", decimal(n.port),
		"ShareName", `\\*\` + share, "ShareLocalPath", `\??\` + local,
		"RelativeTargetName", name, "AccessMask", mask, "AccessList", accessLists[mask],
		"AccessReason", "-",
	})
}

// fileAccess writes event 4663: a process reads or writes an audited file.
func (a *actor) fileAccess(p *process, s *session, path, mask string) {
	a.security(4663, 12800, "File System", s.subject(), []string{
		"ObjectServer", "Security", "ObjectType", "File", "ObjectName", path,
		"HandleId", hexID(uint64(a.d.between(0x40, 0x900)) * 4), "AccessList", accessLists[mask],
		"AccessMask", mask, "ProcessId", hexID(uint64(p.pid)), "ProcessName", p.image,
		"ResourceAttributes", "S:AI",
	})
}

// service is a Windows service as events 4697 and 7045 describe it.
type service struct {
	name, path, start string // start: "auto start" or "demand start"
}

// installService writes the records of a service that session s creates: by a
// local client process, or over the network when client is nil.
func (a *actor) installService(s *session, svc service, client *process) {
	start := map[string]string{"auto start": "2", "demand start": "3"}[svc.start]
	services := a.h.procs["services"]
	clientPID, key, locality := "0", "0", "1"
	if client != nil {
		clientPID, locality = decimal(client.pid), "0"
		key = decimal(int64(client.pid)<<20 | int64(a.h.boots)<<48 | int64(client.started/1e9))
	}
	a.tick()
	a.setValue(services, `HKLM\System\CurrentControlSet\Services\`+svc.name+`\ImagePath`, svc.path)
	a.security(4697, 12289, "Security System Extension", s.subject(), []string{
		"ServiceName", svc.name, "ServiceFileName", svc.path, "ServiceType", "0x10",
		"ServiceStartType", start, "ServiceAccount", "LocalSystem",
		"ClientProcessStartKey", key, "ClientProcessId", clientPID,
		"RpcCallClientLocality", locality, "ParentProcessId", decimal(services.pid),
	})
	a.log(&winEvent{ch: &serviceLog, id: 7045, who: s.who, data: []string{
		"ServiceName", svc.name, "ImagePath", svc.path, "ServiceType", "user mode service",
		"StartType", svc.start, "AccountName", "LocalSystem",
	}})
}

// serviceState writes System event 7036.
func (a *actor) serviceState(name, state string) {
	a.log(&winEvent{
		ch: &serviceLog, id: 7036,
		data: []string{"param1", name, "param2", state},
	})
}

// scheduleTask writes event 4698: session s registers a task.
func (a *actor) scheduleTask(s *session, name, command, arguments string) {
	text := `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Author>` + s.who.user() + `</Author>
    <URI>` + name + `</URI>
  </RegistrationInfo>
  <Actions Context="Author">
    <Exec>
      <Command>` + command + `</Command>
      <Arguments>` + arguments + `</Arguments>
    </Exec>
  </Actions>
</Task>`
	a.security(4698, 12804, "Other Object Access Events", s.subject(), []string{
		"TaskName", name, "TaskContent", strings.ReplaceAll(text, "\n", "\r\n"),
	})
}

// clearLogs writes the records of an emptied Security and System log.
func (a *actor) clearLogs(s *session) {
	a.log(&winEvent{
		ch: &clearedSecurity, id: 1102, task: 104, category: "Log clear",
		data: s.subject(),
	})
	a.wait(300_000_000, 900_000_000)
	a.log(&winEvent{
		ch: &clearedSystem, id: 104, task: 104, category: "Log clear", who: s.who,
		data: []string{
			"SubjectUserName", s.who.name,
			"SubjectDomainName", s.who.domain, "Channel", "System", "BackupPath", "",
		},
	})
}

// scriptBlock writes PowerShell event 4104: text runs in process p.
func (a *actor) scriptBlock(p *process, text, path string) {
	a.tick()
	a.log(&winEvent{
		ch: &powershellLog, id: 4104, version: 1, task: 2, pid: int(p.pid),
		category: "Execute a Remote Command", who: p.s.who,
		data: []string{
			"MessageNumber", "1", "MessageTotal", "1", "ScriptBlockText", text,
			"ScriptBlockId", guid(a.d), "Path", path,
		},
	})
}
