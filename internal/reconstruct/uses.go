package reconstruct

import (
	"strings"

	"github.com/evident-sec/evident/internal/causal"
)

// use is what a program of an operating system is for when its command line has
// all of the words.
type use struct {
	words []string
	technique
}

// uses lists, by program, what it is for: with words first, then what it is for
// by itself. Sources: the procedure examples of attack.mitre.org (v17) and the
// commands' own documentation.
var uses = programUses(
	"whoami.exe whoami id quser.exe query.exe logname who w", "", tWhoami,
	"systeminfo.exe hostname.exe hostname uname ver.exe lscpu hostnamectl", "", tSystem,
	"tasklist.exe ps pslist.exe top pgrep", "", tProcesses,
	"net.exe net1.exe", "localgroup /add", tAccount,
	"net.exe net1.exe", "user /add", tCreateAccount,
	"net.exe net1.exe", "localgroup", tLocalGroups,
	"net.exe net1.exe", "group", tDomainGroups,
	"net.exe net1.exe", "user /domain", tDomainAccounts,
	"net.exe net1.exe", "user", tLocalAccounts,
	"net.exe net1.exe", "view", tRemoteHosts,
	"net.exe net1.exe", "use", tAdminShare,
	"net.exe net1.exe", "share", tShares,
	"net.exe net1.exe", "accounts", tPolicy,
	"net.exe net1.exe", "start", tServices,
	"net.exe net1.exe", "stop", tServiceStop,
	"net.exe net1.exe", "", tLocalAccounts,
	"nltest.exe", "", tTrusts,
	"dsquery.exe adfind.exe", "", tDomainAccounts,
	"ipconfig.exe route.exe ifconfig ip route", "", tNetConfig,
	"arp.exe arp ping.exe nslookup.exe", "", tRemoteHosts,
	"netstat.exe netstat ss", "", tConnections,
	"netsh.exe", "wlan", tNetConfig,
	"netsh.exe", "portproxy", technique{"T1090", "Proxy", "command-and-control"},
	"netsh.exe", "advfirewall", tFirewall,
	"netsh.exe", "firewall", tFirewall,
	"netsh.exe", "helper", technique{"T1546.007", "Netsh Helper DLL", "persistence"},
	"schtasks.exe at.exe", "", tTask,
	"crontab at atq", "", tCron,
	"sc.exe", "query", tServices,
	"sc.exe", "stop", tServiceStop,
	"sc.exe", "start", tServiceRun,
	"sc.exe systemctl", "", tService,
	"reg.exe", "save sam", tSAM,
	"reg.exe", "save security", technique{"T1003.004", "LSA Secrets", "credential-access"},
	"reg.exe", "save system", tSAM,
	"reg.exe", "query", technique{"T1012", "Query Registry", "discovery"},
	"reg.exe", "", tAutostart,
	"ntdsutil.exe", "", tNTDS,
	"vssadmin.exe wmic.exe", "delete", technique{"T1490", "Inhibit System Recovery", "impact"},
	"vssadmin.exe diskshadow.exe esentutl.exe", "", tNTDS,
	"wmic.exe", "", tWMI,
	"wevtutil.exe", "cl", tClear,
	"auditpol.exe", "", technique{"T1562.002", "Disable Windows Event Logging", "defense-evasion"},
	"powershell.exe pwsh.exe powershell_ise.exe", "", tPowerShell,
	"cmd.exe", "", tShell,
	"bash sh dash zsh ksh", "", tUnixShell,
	"python python3 python.exe perl ruby", "", technique{"T1059.006", "Python", "execution"},
	"wscript.exe cscript.exe", "", technique{"T1059.005", "Visual Basic", "execution"},
	"rundll32.exe", "", tRundll,
	"regsvr32.exe", "", technique{"T1218.010", "Regsvr32", "defense-evasion"},
	"mshta.exe", "", technique{"T1218.005", "Mshta", "defense-evasion"},
	"installutil.exe", "", technique{"T1218.004", "InstallUtil", "defense-evasion"},
	"cmstp.exe", "", technique{"T1218.003", "CMSTP", "defense-evasion"},
	"hh.exe", "", technique{"T1218.001", "Compiled HTML File", "defense-evasion"},
	"mavinject.exe", "", technique{"T1218.013", "Mavinject", "defense-evasion"},
	"odbcconf.exe", "", technique{"T1218.008", "Odbcconf", "defense-evasion"},
	"msiexec.exe", "", technique{"T1218.007", "Msiexec", "defense-evasion"},
	"msbuild.exe", "", technique{"T1127.001", "MSBuild", "defense-evasion"},
	"certutil.exe", "decode", tDecode,
	"certutil.exe curl.exe curl wget", "", tIngress,
	"bitsadmin.exe", "", technique{"T1197", "BITS Jobs", "defense-evasion"},
	"tar tar.exe zip gzip makecab.exe", "", tArchive,
	"attrib.exe", "+h", technique{"T1564.001", "Hidden Files and Directories", "defense-evasion"},
	"icacls.exe takeown.exe", "", technique{"T1222.001", "Windows Permissions", "defense-evasion"},
	"chmod chown", "", technique{"T1222.002", "Linux and Mac Permissions", "defense-evasion"},
	"runas.exe", "", technique{"T1134.002", "Create Process with Token", "defense-evasion"},
	"sudo su", "", technique{"T1548.003", "Sudo and Sudo Caching", "privilege-escalation"},
	"useradd adduser", "", tCreateAccount,
	"ssh scp sftp ssh.exe scp.exe", "", tSSH,
	"mstsc.exe", "", tRDP,
	"winrs.exe", "", technique{"T1021.006", "Windows Remote Management", "lateral-movement"},
	"cmdkey.exe", "", technique{"T1555.004", "Windows Credential Manager", "credential-access"},
	"dir.exe tree.com find ls", "", technique{"T1083", "File and Directory Discovery", "discovery"},
	"robocopy.exe xcopy.exe", "", technique{"T1074.001", "Local Data Staging", "collection"},
	"shutdown.exe shutdown", "", technique{"T1529", "System Shutdown/Reboot", "impact"},
)

// callUses lists what operations of identity providers, cloud services and device
// managers are for, by words of the operation's name.
var callUses = []use{
	{[]string{"federation"}, tTrustChange},
	{[]string{"domain", "authentication"}, tTrustChange},
	{[]string{"add", "domain"}, tTrustChange},
	{[]string{"verify", "domain"}, tTrustChange},
	{[]string{"credentials", "service", "principal"}, tCloudCredential},
	{[]string{"add", "service", "principal"}, tCloudCredential},
	{[]string{"certificates", "secrets"}, tCloudCredential},
	{[]string{"createaccesskey"}, tCloudCredential},
	{[]string{"consent"}, technique{"T1528", "Steal Application Access Token", "credential-access"}},
	{[]string{"role", "member"}, technique{"T1098.003", "Additional Cloud Roles", "persistence"}},
	{[]string{"app", "role"}, technique{"T1098.003", "Additional Cloud Roles", "persistence"}},
	{[]string{"attachuserpolicy"}, technique{"T1098.003", "Additional Cloud Roles", "persistence"}},
	{[]string{"assumerole"}, tCloud},
	{[]string{"stoplogging"}, tCloudLogs},
	{[]string{"deletetrail"}, tCloudLogs},
	{[]string{"getsecretvalue"}, tSecrets},
	{[]string{"getobject"}, technique{"T1530", "Data from Cloud Storage", "collection"}},
	{[]string{"mailitemsaccessed"}, technique{"T1114.002", "Remote Email Collection", "collection"}},
	{[]string{"inboxrule"}, technique{"T1564.008", "Email Hiding Rules", "defense-evasion"}},
	{[]string{"permission", "grant"}, technique{"T1098.003", "Additional Cloud Roles", "persistence"}},
	{[]string{"update", "application"}, tCloudCredential},
	{[]string{"ldapsearch"}, tDomainAccounts},
	{[]string{"replication"}, technique{"T1003.006", "DCSync", "credential-access"}},
	{[]string{"register", "device"}, technique{"T1098.005", "Device Registration", "persistence"}},
	{[]string{"enroll", "device"}, technique{"T1098.005", "Device Registration", "persistence"}},
	{[]string{"add", "user"}, technique{"T1136.003", "Cloud Account", "persistence"}},
	{[]string{"createuser"}, technique{"T1136.003", "Cloud Account", "persistence"}},
}

// callTechnique names an operation that a session called.
func callTechnique(f *causal.Facts, object string) technique {
	text := object
	if f != nil {
		text = f.Value + " " + object
	}
	text = strings.ToLower(text)
	for _, u := range callUses {
		all := true
		for _, w := range u.words {
			all = all && strings.Contains(text, w)
		}
		if all {
			return u.technique
		}
	}
	return technique{}
}

// programUses reads rows of programs, words and technique.
func programUses(rows ...any) map[string][]use {
	m := map[string][]use{}
	for i := 0; i+2 < len(rows); i += 3 {
		programs, _ := rows[i].(string)
		words, _ := rows[i+1].(string)
		t, _ := rows[i+2].(technique)
		for _, p := range strings.Fields(programs) {
			m[p] = append(m[p], use{strings.Fields(words), t})
		}
	}
	return m
}

// useOf returns what a program that ran with a command line is for.
func useOf(program, cmd string) (technique, bool) {
	fields := strings.FieldsFunc(strings.ToLower(cmd), func(r rune) bool {
		return strings.ContainsRune(" \t\"'\\", r)
	})
	for _, u := range uses[program] {
		if hasAll(fields, u.words) {
			return u.technique, true
		}
	}
	return technique{}, false
}

// hasAll reports whether each word begins a field: "-delete", "/delete" and
// "delete" are one word.
func hasAll(fields, words []string) bool {
	for _, w := range words {
		found := false
		for _, f := range fields {
			if f == w || strings.TrimLeft(f, "/-") == strings.TrimLeft(w, "/-") {
				found = true
				break
			}
		}
		if !found {
			return false
		}
	}
	return true
}

// deedSoon is how soon after its start a program's deed says what it was
// started for.
const deedSoon = 30

// purpose returns the technique of what a started program did at once: reading
// credentials tells more than which program did it. Ways in keep theirs.
func (w *writer) purpose(a *act) (technique, bool) {
	m := w.members[a.object]
	if !a.arrival || m == nil || m.Verdict == causal.VerdictEntry {
		return technique{}, false
	}
	switch t, _ := useOf(causal.Base(w.node(a.object).Name), ""); t {
	case tShell, tUnixShell, tPowerShell: // it does what it is told next
		return technique{}, false
	}
	for _, r := range w.g.Out(a.object) {
		if d := r.Time.Sub(a.at).Seconds(); d < 0 || d > deedSoon {
			continue
		}
		switch {
		case r.Verb == causal.VerbReadMemory:
			return tLSASS, true
		case r.Verb == causal.VerbCleared:
			return tClear, true
		case r.Verb == causal.VerbWrote && isDump(w.node(r.Dst).Key):
			return w.writeTechnique(&act{actor: r.Src}, w.node(r.Dst)), true
		}
	}
	return technique{}, false
}
