package reconstruct

import (
	"maps"
	"slices"
	"strings"
	"time"

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
	tArchive    = technique{"T1560.001", "Archive via Utility", "collection"}
	tExfil      = technique{"T1048", "Exfiltration Over Alternative Protocol", "exfiltration"}
	tExfilTLS   = technique{
		"T1048.002", "Exfiltration Over Asymmetric Encrypted Non-C2 Protocol", "exfiltration",
	}
	tC2         = technique{"T1071", "Application Layer Protocol", "command-and-control"}
	tC2Web      = technique{"T1071.001", "Web Protocols", "command-and-control"}
	tBypass     = technique{"T1548.002", "Bypass User Account Control", "privilege-escalation"}
	tShareData  = technique{"T1039", "Data from Network Shared Drive", "collection"}
	tCloud      = technique{"T1078.004", "Cloud Accounts", "defense-evasion"}
	tCookie     = technique{"T1539", "Steal Web Session Cookie", "credential-access"}
	tAppToken   = technique{"T1550.001", "Application Access Token", "defense-evasion"}
	tMail       = technique{"T1566.001", "Spearphishing Attachment", "initial-access"}
	tWeb        = technique{"T1204.002", "Malicious File", "execution"}
	tCreds      = technique{"T1078", "Valid Accounts", "defense-evasion"}
	tTransfer   = technique{"T1570", "Lateral Tool Transfer", "lateral-movement"}
	tWMI        = technique{"T1047", "Windows Management Instrumentation", "execution"}
	tPowerShell = technique{"T1059.001", "PowerShell", "execution"}
	tShell      = technique{"T1059.003", "Windows Command Shell", "execution"}
	tUnixShell  = technique{"T1059.004", "Unix Shell", "execution"}
	tRundll     = technique{"T1218.011", "Rundll32", "defense-evasion"}

	tWhoami          = technique{"T1033", "System Owner/User Discovery", "discovery"}
	tSystem          = technique{"T1082", "System Information Discovery", "discovery"}
	tProcesses       = technique{"T1057", "Process Discovery", "discovery"}
	tLocalAccounts   = technique{"T1087.001", "Local Account", "discovery"}
	tDomainAccounts  = technique{"T1087.002", "Domain Account", "discovery"}
	tLocalGroups     = technique{"T1069.001", "Local Groups", "discovery"}
	tDomainGroups    = technique{"T1069.002", "Domain Groups", "discovery"}
	tRemoteHosts     = technique{"T1018", "Remote System Discovery", "discovery"}
	tShares          = technique{"T1135", "Network Share Discovery", "discovery"}
	tPolicy          = technique{"T1201", "Password Policy Discovery", "discovery"}
	tServices        = technique{"T1007", "System Service Discovery", "discovery"}
	tTrusts          = technique{"T1482", "Domain Trust Discovery", "discovery"}
	tNetConfig       = technique{"T1016", "System Network Configuration Discovery", "discovery"}
	tConnections     = technique{"T1049", "System Network Connections Discovery", "discovery"}
	tCreateAccount   = technique{"T1136.001", "Local Account", "persistence"}
	tServiceStop     = technique{"T1489", "Service Stop", "impact"}
	tFirewall        = technique{"T1562.004", "Disable or Modify System Firewall", "defense-evasion"}
	tSAM             = technique{"T1003.002", "Security Account Manager", "credential-access"}
	tIngress         = technique{"T1105", "Ingress Tool Transfer", "command-and-control"}
	tToken           = technique{"T1134.001", "Token Impersonation/Theft", "privilege-escalation"}
	tInjectDLL       = technique{"T1055.001", "Dynamic-link Library Injection", "defense-evasion"}
	tInjectCode      = technique{"T1055.002", "Portable Executable Injection", "defense-evasion"}
	tTrustChange     = technique{"T1484.002", "Trust Modification", "privilege-escalation"}
	tCloudCredential = technique{"T1098.001", "Additional Cloud Credentials", "persistence"}
	tExploit         = technique{"T1190", "Exploit Public-Facing Application", "initial-access"}
	tDecode          = technique{"T1140", "Deobfuscate/Decode Files or Information", "defense-evasion"}
	tCloudLogs       = technique{"T1562.008", "Disable or Modify Cloud Logs", "defense-evasion"}
	tSecrets         = technique{"T1555.006", "Cloud Secrets Management Stores", "credential-access"}
	tDropped         = technique{"T1204.002", "Malicious File", "execution"}
)

// techniquesOf lists what an action may be called, likeliest first, at most
// three: what rules said, worst first; what a started program did at once; what
// the edge itself shows; and what else it is done for.
func (w *writer) techniquesOf(a *act) []technique {
	var list []technique
	add := func(t technique) {
		same := func(o technique) bool { return o.id == t.id }
		if t.id != "" && len(list) < 3 && !slices.ContainsFunc(list, same) {
			list = append(list, t)
		}
	}
	tags := slices.Clone(a.tags)
	slices.SortStableFunc(tags, func(x, y Finding) int { return levelOf(y.Level) - levelOf(x.Level) })
	for _, t := range tags {
		for _, id := range t.Techniques {
			id = strings.ToUpper(id)
			add(technique{id, known(id).name, tacticOf(id, t.Tactics)})
		}
	}
	if a.verb == causal.VerbSpawned {
		if t, ok := w.purpose(a); ok {
			add(t)
		}
	}
	add(w.template(a))
	for _, t := range w.others(a) {
		add(t)
	}
	return list
}

// others lists what else an action of this kind is done for.
func (w *writer) others(a *act) []technique {
	switch a.verb {
	case causal.VerbInjected:
		return []technique{tInject, tInjectDLL, tInjectCode}
	case causal.VerbInstalled:
		return append(w.tokenTrick(a), tServiceRun, tService)
	case causal.VerbRegistered:
		return []technique{tCron}
	case causal.VerbSpawned:
		return w.otherStarts(a)
	case causal.VerbWrote, causal.VerbRenamed:
		if w.dials(a.actor) && causal.Code(w.node(a.object).Key) {
			return []technique{tIngress}
		}
	case causal.VerbLoggedOn:
		if w.node(a.object).Host == "" {
			return []technique{tCloud, tAppToken, tCookie}
		}
		return []technique{tCreds, tAdminShare, tRemote}
	case causal.VerbConnected:
		return []technique{tC2Web, tExfil}
	}
	return nil
}

// manyFiles is how many files of a share make reading them collection.
const manyFiles = 10

func (w *writer) otherStarts(a *act) []technique {
	list := w.deedsOf(a)
	if a.via >= 0 && w.node(a.via).Kind == causal.KindService {
		list = append(list, tService)
		list = append(list, w.tokenTrick(&act{object: a.via, actor: -1})...)
	}
	if t, ok := useOf(causal.Base(w.node(a.object).Name), w.node(a.object).CmdLine()); ok {
		list = append(list, t)
	}
	for _, l := range w.links[a.object] {
		if l.Verb == causal.VerbWrote && l.Src == a.actor && w.dials(a.actor) {
			list = append(list, tIngress) // it fetched what it started
		}
	}
	switch m := w.members[a.actor]; {
	case m == nil || m.Verdict != causal.VerdictEntry:
	case m.Entry == "unknown":
		if causal.Interpreter(causal.Base(w.node(a.object).Name)) {
			list = append(list, tExploit) // a program that was there before runs commands
		}
	default:
		list = append(list, tDropped) // what was opened starts something
	}
	return list
}

// deedsOf lists what a started program did that says why it was started: it
// fetched code, made itself start again, rose above its parent, or ran commands.
func (w *writer) deedsOf(a *act) []technique {
	var list []technique
	if a.actor >= 0 && rises(w.node(a.actor).Facts, w.node(a.object).Facts) {
		list = append(list, tBypass)
	}
	for _, r := range w.g.Out(a.object) {
		if r.Dst < 0 {
			continue
		}
		switch obj := w.node(r.Dst); {
		case r.Verb == causal.VerbWrote && causal.Code(obj.Key) && !isScratch(obj.Key) &&
			w.dials(a.object):
			list = append(list, tIngress)
		case r.Verb == causal.VerbSetValue:
			list = append(list, registryTechnique(obj.Key))
		case r.Verb == causal.VerbSpawned && !obj.Console():
			if t, ok := useOf(causal.Base(obj.Name), obj.CmdLine()); ok {
				list = append(list, t)
			}
		}
	}
	return list
}

// rises reports whether a program runs with higher integrity than the one that
// started it, both recorded.
func rises(parent, child *causal.Facts) bool {
	if parent == nil || child == nil {
		return false
	}
	return strings.EqualFold(parent.Integrity, "medium") && strings.EqualFold(child.Integrity, "high")
}

// dials reports whether a program opened a connection.
func (w *writer) dials(n int) bool {
	if n < 0 {
		return false
	}
	return slices.ContainsFunc(w.g.Out(n), func(r *causal.Rel) bool {
		return r.Verb == causal.VerbConnected
	})
}

// tokenTrick recognises a service whose program only calls back to a pipe of
// whoever installed it: the installer then takes over the caller's rights.
func (w *writer) tokenTrick(a *act) []technique {
	pipes := map[int]bool{}
	for _, l := range w.links[a.object] {
		for _, r := range w.g.Out(l.Src) {
			if r.Verb == causal.VerbPipe && l.Verb != causal.VerbStarted {
				pipes[r.Dst] = true
			}
		}
	}
	for _, l := range w.sp.Links {
		if l.Src != a.object || l.Verb != causal.VerbStarted {
			continue
		}
		for _, r := range w.g.Out(l.Dst) {
			if r.Verb == causal.VerbPipe && pipes[r.Dst] {
				return []technique{tToken}
			}
		}
	}
	return nil
}

func (w *writer) template(a *act) technique {
	obj := w.node(a.object)
	switch a.verb {
	case causal.VerbInjected:
		return injectTechnique(a.facts)
	case causal.VerbReadMemory:
		return tLSASS
	case causal.VerbCleared:
		return tClear
	case causal.VerbInstalled:
		if w.remoteRun(a) {
			return tServiceRun
		}
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
		if obj.Kind == causal.KindSession && obj.Host == "" {
			return tCloud // the session of an identity provider
		}
		return logonTechnique(a.facts)
	case causal.VerbCalled:
		return callTechnique(a.facts, obj.Name)
	case causal.VerbWroteShare:
		return tTransfer
	case causal.VerbAccessedShare, causal.VerbRead:
		if a.count >= manyFiles && strings.HasPrefix(obj.Key, `\\`) {
			return tShareData
		}
		if a.verb == causal.VerbRead {
			return technique{}
		}
		return tAdminShare
	case causal.VerbSetValue:
		return registryTechnique(obj.Key)
	case causal.VerbWrote:
		return w.writeTechnique(a, obj)
	case causal.VerbAccepted:
		return tExploit
	case causal.VerbConnected:
		return connTechnique(a.facts, a.weight)
	case causal.VerbSpawned:
		return w.startTechnique(a, obj)
	}
	return technique{}
}

// injectTechnique tells a thread that loads a library from one that runs code no
// file holds.
func injectTechnique(f *causal.Facts) technique {
	switch {
	case f == nil || f.Value == "":
		return tInject
	case strings.Contains(strings.ToLower(f.Value), "loadlibrary"):
		return tInjectDLL
	case strings.HasPrefix(f.Value, "0x"):
		return tInjectCode
	}
	return tInject
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
	switch {
	case strings.Contains(key, `\currentversion\run`):
		return tRunKey
	case strings.Contains(key, `\shell\open\command`) && !strings.HasPrefix(key, `hklm\`):
		return tBypass // a class of the user's own shadows that of the machine
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
	case weight >= 90 && f.Bytes >= bulk && webPort(f):
		return tExfilTLS
	case weight >= 90 && f.Bytes >= bulk:
		return tExfil
	case !causal.PrivateAddress(f.DstIP) && webPort(f):
		return tC2Web
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

// webPort reports whether a connection speaks HTTP or TLS, by what the network
// saw or by the usual ports.
func webPort(f *causal.Facts) bool {
	switch f.DstPort {
	case "80", "443", "8080", "8443":
		return true
	}
	return strings.HasPrefix(f.App, "ssl") || strings.HasPrefix(f.App, "http")
}

// remoteRun reports whether a remote session installed a service that ran within
// the minute: it was installed to run one command, not to stay.
func (w *writer) remoteRun(a *act) bool {
	if w.node(a.actor).Kind != causal.KindSession {
		return false
	}
	for _, l := range w.sp.Links {
		if l.Src == a.object && l.Verb == causal.VerbStarted && l.Time.Sub(a.at) <= time.Minute {
			return true
		}
	}
	return false
}

// shadowed reports whether whoever started a program had just set a class of the
// user's own that programs with more rights obey.
func (w *writer) shadowed(a *act) bool {
	if a.actor < 0 {
		return false
	}
	for _, r := range w.g.Out(a.actor) {
		d := a.at.Sub(r.Time)
		if r.Verb == causal.VerbSetValue && r.Dst >= 0 && d >= 0 && d <= time.Minute &&
			registryTechnique(w.node(r.Dst).Key) == tBypass {
			return true
		}
	}
	return false
}

func (w *writer) startTechnique(a *act, obj *causal.Node) technique {
	if w.shadowed(a) {
		return tBypass
	}
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
	if t, ok := useOf(causal.Base(obj.Name), obj.CmdLine()); ok {
		return t
	}
	if m := w.members[a.object]; m != nil && m.Verdict == causal.VerdictEntry && m.Entry != "unknown" {
		return tWeb
	}
	if m := w.members[a.actor]; m != nil && m.Verdict == causal.VerdictEntry && w.madeBy(
		w.members[a.object], a.actor) && w.wrote(a.actor, a.object) {
		return tDropped // the opened file unpacked and started it
	}
	return technique{}
}

// wrote reports whether a program wrote the image of another.
func (w *writer) wrote(src, dst int) bool {
	return slices.ContainsFunc(w.links[dst], func(l *causal.Link) bool {
		return l.Src == src && l.Verb == causal.VerbWrote
	})
}

// edgeTechniques lists the techniques of the templates.
func edgeTechniques() []technique {
	return []technique{
		tService, tServiceRun, tTask, tCron, tInject, tLSASS, tNTDS, tAdminShare, tRDP, tSSH,
		tRemote, tClear, tAccount, tRunKey, tAutostart, tArchive, tExfil, tC2, tMail, tWeb, tCreds,
		tTransfer, tWMI, tPowerShell, tShell, tUnixShell, tRundll, tToken, tInjectDLL, tInjectCode,
		tSAM, tIngress,
	}
}

// known returns a technique by its number as the templates have it.
func known(id string) technique {
	for _, t := range edgeTechniques() {
		if t.id == id {
			return t
		}
	}
	for _, name := range slices.Sorted(maps.Keys(uses)) {
		for _, u := range uses[name] {
			if u.id == id {
				return u.technique
			}
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
