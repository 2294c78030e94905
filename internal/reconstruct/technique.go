package reconstruct

import (
	"maps"
	"slices"
	"strings"

	"github.com/evident-sec/evident/internal/causal"
)

// technique is one entry of MITRE ATT&CK with the tactic it serves here.
type technique struct{ id, name, tactic string }

// ATT&CK techniques that edges show by themselves (attack.mitre.org, v17).
var (
	tService    = technique{"T1543.003", "Windows Service", "persistence"}
	tServiceRun = technique{"T1569.002", "Service Execution", "execution"}
	tTask       = technique{"T1053.005", "Scheduled Task", "persistence"}
	tCron       = technique{"T1053.003", "Cron", "persistence"}
	tInject     = technique{"T1055", "Process Injection", "defense-evasion"}
	tLSASS      = technique{"T1003.001", "LSASS Memory", "credential-access"}
	tNTDS       = technique{"T1003.003", "NTDS", "credential-access"}
	tAdminShare = technique{"T1021.002", "SMB/Windows Admin Shares", "lateral-movement"}
	tRDP        = technique{"T1021.001", "Remote Desktop Protocol", "lateral-movement"}
	tSSH        = technique{"T1021.004", "SSH", "lateral-movement"}
	tRemote     = technique{"T1021", "Remote Services", "lateral-movement"}
	tClear      = technique{"T1070.001", "Clear Windows Event Logs", "defense-evasion"}
	tAccount    = technique{"T1098", "Account Manipulation", "persistence"}
	tRunKey     = technique{"T1547.001", "Registry Run Keys / Startup Folder", "persistence"}
	tAutostart  = technique{"T1112", "Modify Registry", "defense-evasion"}
	tArchive    = technique{"T1560", "Archive Collected Data", "collection"}
	tExfil      = technique{"T1048", "Exfiltration Over Alternative Protocol", "exfiltration"}
	tC2         = technique{"T1071", "Application Layer Protocol", "command-and-control"}
	tMail       = technique{"T1566.001", "Spearphishing Attachment", "initial-access"}
	tWeb        = technique{"T1204.002", "Malicious File", "execution"}
	tCreds      = technique{"T1078", "Valid Accounts", "defense-evasion"}
	tTransfer   = technique{"T1570", "Lateral Tool Transfer", "lateral-movement"}
	tWMI        = technique{"T1047", "Windows Management Instrumentation", "execution"}
	tPowerShell = technique{"T1059.001", "PowerShell", "execution"}
	tShell      = technique{"T1059.003", "Windows Command Shell", "execution"}
	tUnixShell  = technique{"T1059.004", "Unix Shell", "execution"}
	tRundll     = technique{"T1218.011", "Rundll32", "defense-evasion"}
)

// programTechniques names what programs of the operating system are for.
var programTechniques = map[string]technique{
	"whoami.exe":     {"T1033", "System Owner/User Discovery", "discovery"},
	"whoami":         {"T1033", "System Owner/User Discovery", "discovery"},
	"id":             {"T1033", "System Owner/User Discovery", "discovery"},
	"quser.exe":      {"T1033", "System Owner/User Discovery", "discovery"},
	"systeminfo.exe": {"T1082", "System Information Discovery", "discovery"},
	"hostname.exe":   {"T1082", "System Information Discovery", "discovery"},
	"uname":          {"T1082", "System Information Discovery", "discovery"},
	"tasklist.exe":   {"T1057", "Process Discovery", "discovery"},
	"ps":             {"T1057", "Process Discovery", "discovery"},
	"net.exe":        {"T1087", "Account Discovery", "discovery"},
	"net1.exe":       {"T1087", "Account Discovery", "discovery"},
	"nltest.exe":     {"T1482", "Domain Trust Discovery", "discovery"},
	"ipconfig.exe":   {"T1016", "System Network Configuration Discovery", "discovery"},
	"arp.exe":        {"T1016", "System Network Configuration Discovery", "discovery"},
	"route.exe":      {"T1016", "System Network Configuration Discovery", "discovery"},
	"netstat.exe":    {"T1049", "System Network Connections Discovery", "discovery"},
	"schtasks.exe":   tTask,
	"sc.exe":         tService,
	"wmic.exe":       tWMI,
	"powershell.exe": tPowerShell,
	"pwsh.exe":       tPowerShell,
	"cmd.exe":        tShell,
	"bash":           tUnixShell,
	"sh":             tUnixShell,
	"rundll32.exe":   tRundll,
	"vssadmin.exe":   {"T1490", "Inhibit System Recovery", "impact"},
	"wevtutil.exe":   tClear,
	"tar":            tArchive,
	"tar.exe":        tArchive,
	"wscript.exe":    {"T1059.005", "Visual Basic", "execution"},
	"cscript.exe":    {"T1059.005", "Visual Basic", "execution"},
	"mshta.exe":      {"T1218.005", "Mshta", "defense-evasion"},
	"certutil.exe":   {"T1105", "Ingress Tool Transfer", "command-and-control"},
	"bitsadmin.exe":  {"T1197", "BITS Jobs", "defense-evasion"},
}

// techniqueOf takes the technique of the worst finding, else what the edge
// itself shows; the zero technique where neither says anything.
func (w *writer) techniqueOf(a *act) technique {
	tags := slices.Clone(a.tags)
	slices.SortStableFunc(tags, func(x, y Finding) int { return levelOf(y.Level) - levelOf(x.Level) })
	for _, t := range tags {
		if len(t.Techniques) > 0 {
			id := strings.ToUpper(t.Techniques[0])
			return technique{id, known(id).name, tacticOf(id, t.Tactics)}
		}
	}
	return w.template(a)
}

func (w *writer) template(a *act) technique {
	obj := w.node(a.object)
	switch a.verb {
	case causal.VerbInjected:
		return tInject
	case causal.VerbReadMemory:
		return tLSASS
	case causal.VerbCleared:
		return tClear
	case causal.VerbInstalled:
		return tService
	case causal.VerbRegistered:
		if strings.HasPrefix(obj.Name, "/") {
			return tCron
		}
		return tTask
	case causal.VerbChangedAccount:
		return tAccount
	case causal.VerbUsedCredential:
		return tCreds
	case causal.VerbLoggedOn:
		return logonTechnique(a.facts)
	case causal.VerbWroteShare:
		return tTransfer
	case causal.VerbAccessedShare:
		return tAdminShare
	case causal.VerbSetValue:
		return registryTechnique(obj.Key)
	case causal.VerbWrote:
		return w.writeTechnique(a, obj)
	case causal.VerbConnected:
		return connTechnique(a.facts, a.weight)
	case causal.VerbSpawned:
		return w.startTechnique(a, obj)
	}
	return technique{}
}

func logonTechnique(f *causal.Facts) technique {
	switch {
	case f == nil || !f.Remote():
		return tCreds
	case f.LogonType == 10:
		return tRDP
	case f.LogonType == 3:
		return tAdminShare
	case f.LogonType == 0 && f.SrcPort != "" && causal.PrivateAddress(f.SrcIP):
		return tSSH
	}
	return tRemote
}

func registryTechnique(key string) technique {
	if strings.Contains(key, `\currentversion\run`) {
		return tRunKey
	}
	return tAutostart
}

func (w *writer) writeTechnique(a *act, obj *causal.Node) technique {
	actor := w.node(a.actor)
	switch {
	case actor.Portal() && w.members[a.actor] != nil && w.members[a.actor].Entry == "mail":
		return tMail
	case actor.Portal():
		return tWeb
	case strings.HasSuffix(obj.Key, "ntds.dit"):
		return tNTDS
	case isDump(obj.Key):
		return tLSASS
	case causal.Archive(obj.Key):
		return tArchive
	}
	return technique{}
}

func connTechnique(f *causal.Facts, weight int) technique {
	switch {
	case f == nil:
		return technique{}
	case weight >= 90 && f.Bytes >= bulk:
		return tExfil
	case !causal.PrivateAddress(f.DstIP):
		return tC2
	case adminService(f.DstPort) == "SSH":
		return tSSH
	case adminService(f.DstPort) == "remote desktop":
		return tRDP
	case adminService(f.DstPort) == "SMB":
		return tAdminShare
	case adminService(f.DstPort) != "":
		return tRemote
	}
	return technique{}
}

func (w *writer) startTechnique(a *act, obj *causal.Node) technique {
	if a.via >= 0 {
		switch w.node(a.via).Kind {
		case causal.KindService:
			return tServiceRun
		case causal.KindJob:
			return tTask
		}
	}
	if m := w.members[a.actor]; m != nil && m.Entry == "mail" {
		return tMail
	}
	if causal.Base(w.node(a.actor).Name) == "wmiprvse.exe" {
		return tWMI
	}
	if t, ok := programTechniques[causal.Base(obj.Name)]; ok {
		return t
	}
	if m := w.members[a.object]; m != nil && m.Verdict == causal.VerdictEntry {
		return tWeb
	}
	return technique{}
}

// edgeTechniques lists the techniques of the templates.
func edgeTechniques() []technique {
	return []technique{
		tService, tServiceRun, tTask, tCron, tInject, tLSASS, tNTDS, tAdminShare, tRDP, tSSH,
		tRemote, tClear, tAccount, tRunKey, tAutostart, tArchive, tExfil, tC2, tMail, tWeb, tCreds,
		tTransfer, tWMI, tPowerShell, tShell, tUnixShell, tRundll,
	}
}

// known returns a technique by its number as the templates have it.
func known(id string) technique {
	for _, t := range edgeTechniques() {
		if t.id == id {
			return t
		}
	}
	for _, name := range slices.Sorted(maps.Keys(programTechniques)) {
		if t := programTechniques[name]; t.id == id {
			return t
		}
	}
	return technique{id: id}
}

// tacticOf takes the rule's own tactic before that of the templates.
func tacticOf(id string, tactics []string) string {
	if len(tactics) > 0 {
		// Rules write "lateral-movement", "lateral_movement" or "Lateral Movement".
		return strings.ToLower(strings.NewReplacer("_", "-", " ", "-").Replace(tactics[0]))
	}
	return known(id).tactic
}
