package simulate

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestWindowsRecords(t *testing.T) {
	m := standard(t)
	last, numbers := time.Time{}, map[string]int64{}
	for _, r := range m.windows {
		if r.time.Before(last) {
			t.Fatalf("%s:%d is out of order", r.file, r.n)
		}
		last = r.time
		for _, name := range []string{"EventTime", "SourceName", "Message", "Channel", "Hostname"} {
			if r.text(name) == "" {
				t.Fatalf("%s:%d has no %s", r.file, r.n, name)
			}
		}
		key := r.text("Hostname") + r.text("Channel")
		n := int64(r.fields["RecordNumber"].(float64))
		if before := numbers[key]; before != 0 && n != before+1 {
			t.Fatalf("%s:%d: record number %d after %d", r.file, r.n, n, before)
		}
		numbers[key] = n
	}
}

func TestAuditEvents(t *testing.T) {
	m := standard(t)
	for name, buf := range m.files {
		if !strings.HasSuffix(name, "audit.log") {
			continue
		}
		last := int64(0)
		for _, event := range split(name, buf.String()) {
			_, text, _ := strings.Cut(auditID(event), ":")
			serial, err := strconv.ParseInt(text, 10, 64)
			if err != nil || last != 0 && serial != last+1 {
				t.Fatalf("%s: serial %q after %d: %v", name, text, last, err)
			}
			last = serial
			if strings.HasPrefix(event, "type=SYSCALL") && !strings.Contains(event, "\ntype=PROCTITLE") {
				t.Fatalf("%s: cut event: %s", name, event)
			}
		}
	}
}

func TestAnswerKey(t *testing.T) {
	m := standard(t)
	key := m.key
	checkKey(t, m.memory, key)
	main := key.Incidents[0]
	hosts, sources := map[string]bool{}, map[string]bool{}
	for _, s := range main.Steps {
		for _, e := range s.Events {
			hosts[e.Host] = true
			kind, _, _ := strings.Cut(e.File, "/")
			sources[kind] = true
		}
	}
	delete(hosts, "")
	if len(main.Steps) < 12 || len(hosts) < 3 || len(sources) < 3 {
		t.Errorf("%d steps on %d hosts in %d sources", len(main.Steps), len(hosts), len(sources))
	}
	names := map[string]bool{}
	for _, l := range key.Lookalikes {
		names[l.Name] = true
	}
	if len(names) < 15 || len(key.Incidents) < 3 {
		t.Errorf("%d look-alikes, %d incidents", len(names), len(key.Incidents))
	}
	started := map[string]string{}
	for _, r := range m.windows {
		if r.is(sysmonChannel, 1) {
			started[r.text("ProcessGuid")] = r.text("Hostname")
		}
	}
	for _, p := range main.Processes {
		if host, ok := started[p.GUID]; ok && host != p.Host {
			t.Errorf("process %s is on %s, not on %s", p.GUID, host, p.Host)
		} else if !ok && base(p.Image) != "explorer.exe" {
			t.Errorf("process %s %s has no start", p.GUID, p.Image)
		}
	}
}

// checkKey reads every record the key names and compares host and time.
func checkKey(t *testing.T, m *memory, key *Key) {
	t.Helper()
	records := map[string][]string{}
	check := func(what string, trace Trace) {
		if len(trace.Events) == 0 {
			t.Errorf("%s: no records", what)
		}
		for _, e := range trace.Events {
			if records[e.File] == nil {
				if m.files[e.File] == nil {
					t.Fatalf("%s: no file %s", what, e.File)
				}
				records[e.File] = split(e.File, m.files[e.File].String())
			}
			if e.Record < 1 || e.Record > len(records[e.File]) {
				t.Fatalf("%s: no record %d in %s", what, e.Record, e.File)
			}
			host, at := seen(t, e.File, records[e.File][e.Record-1])
			if at.Year() == 0 {
				at = at.AddDate(e.Time.Year(), 0, 0)
			}
			if d := at.Sub(e.Time); host != e.Host || d > time.Millisecond || d < -time.Millisecond {
				t.Errorf("%s: %s:%d is %s at %s, key says %s at %s",
					what, e.File, e.Record, host, at, e.Host, e.Time)
			}
			if e.Time.Before(trace.Time) {
				t.Errorf("%s: a record is earlier than %s", what, trace.Time)
			}
		}
	}
	for _, in := range key.Incidents {
		for _, s := range in.Steps {
			check(in.Name+" "+s.Technique, s.Trace)
		}
	}
	for _, l := range key.Lookalikes {
		check(l.Name, l.Trace)
	}
}

func TestConnections(t *testing.T) {
	m := standard(t)
	checkConnections(t, m.memory, m.windows)
}

// checkConnections looks for every connection of a process and every network
// logon in Zeek's log, and for the ticket behind each network logon.
func checkConnections(t *testing.T, m *memory, records []*winRecord) {
	t.Helper()
	conns, address := map[string][]time.Time{}, map[string]string{}
	for _, c := range zeekRows(t, m, "zeek/conn.log") {
		tuple := c["id.orig_h"] + ":" + c["id.orig_p"] + ">" + c["id.resp_h"] + ":" + c["id.resp_p"]
		conns[tuple] = append(conns[tuple], epoch(t, c["ts"]))
	}
	tickets := map[string]bool{}
	for _, r := range records {
		if r.is(sysmonChannel, 3) {
			address[r.text("Hostname")] = r.text("SourceIp")
		}
	}
	for _, r := range records {
		tuple := ""
		switch {
		case r.is(secChannel, 4769):
			tickets[r.text("LogonGuid")] = true
			tuple = strings.TrimPrefix(r.text("IpAddress"), "::ffff:") + ":" + r.text("IpPort") +
				">" + address[r.text("Hostname")] + ":88"
		case r.is(sysmonChannel, 3):
			tuple = r.text("SourceIp") + ":" + r.text("SourcePort") + ">" +
				r.text("DestinationIp") + ":" + r.text("DestinationPort")
		case r.is(secChannel, 4624) && r.text("LogonType") == "3":
			if !tickets[r.text("LogonGuid")] {
				t.Errorf("%s:%d: network logon without a ticket", r.file, r.n)
			}
			port := ":445"
			if address[r.text("Hostname")] == "" {
				continue // a host that opened no connection itself in these days
			}
			tuple = r.text("IpAddress") + ":" + r.text("IpPort") + ">" + address[r.text("Hostname")] + port
			if len(conns[tuple]) == 0 {
				tuple = strings.TrimSuffix(tuple, port) + ":389"
			}
		default:
			continue
		}
		if !near(conns[tuple], r.time) && !strings.HasPrefix(tuple, ":") &&
			!strings.Contains(tuple, ">:") {
			t.Errorf("%s:%d: event %v: no connection %s", r.file, r.n, r.fields["EventID"], tuple)
		}
	}
}

func near(times []time.Time, at time.Time) bool {
	for _, t := range times {
		if d := at.Sub(t); d > -time.Second && d < 3*time.Second {
			return true
		}
	}
	return false
}

func TestProcesses(t *testing.T) {
	checkProcesses(t, standard(t).windows)
}

// life is a process that has started and not ended.
type life struct{ guid, image string }

// checkProcesses replays starts and ends: a number belongs to one life at a
// time, an end fits its start, a parent that started in the logs is alive
// and named alike, and both logs tell of the same starts.
func checkProcesses(t *testing.T, records []*winRecord) {
	t.Helper()
	alive := map[string]map[string]life{}
	for _, r := range records {
		host := r.text("Hostname")
		switch {
		case r.is("System", 6005), alive[host] == nil:
			alive[host] = map[string]life{}
		}
		lives := alive[host]
		switch {
		case r.is(sysmonChannel, 1):
			if old, ok := lives[r.text("ProcessId")]; ok {
				t.Errorf("%s:%d: number %s is still %s", r.file, r.n, r.text("ProcessId"), old.image)
			}
			parent, ok := lives[r.text("ParentProcessId")]
			if ok && (parent.guid != r.text("ParentProcessGuid") || parent.image != r.text("ParentImage")) {
				t.Errorf("%s:%d: parent %s is %s", r.file, r.n, r.text("ParentImage"), parent.image)
			}
			lives[r.text("ProcessId")] = life{r.text("ProcessGuid"), r.text("Image")}
		case r.is(sysmonChannel, 5):
			if old, ok := lives[r.text("ProcessId")]; ok && old.guid != r.text("ProcessGuid") {
				t.Errorf("%s:%d: end of %s under the number of %s", r.file, r.n, r.text("Image"), old.image)
			}
			delete(lives, r.text("ProcessId"))
		case r.is(secChannel, 4688):
			n, _ := strconv.ParseInt(r.text("NewProcessId"), 0, 64)
			if now := lives[strconv.FormatInt(n, 10)]; now.image != r.text("NewProcessName") {
				t.Errorf("%s:%d: 4688 starts %s, Sysmon %s", r.file, r.n, r.text("NewProcessName"), now.image)
			}
		}
	}
}

// The intruder's files are written before they run or load, and names are
// looked up before they are connected to.
func TestCausesComeFirst(t *testing.T) {
	m := standard(t)
	written, answers := map[string]bool{}, map[string]bool{}
	for _, r := range m.windows {
		host := r.text("Hostname")
		switch {
		case r.is(sysmonChannel, 11):
			written[host+strings.ToLower(r.text("TargetFilename"))] = true
		case r.is(sysmonChannel, 22):
			result := strings.TrimPrefix(r.text("QueryResults"), "::ffff:")
			answers[host+strings.TrimSuffix(result, ";")] = true
		case r.is(sysmonChannel, 1):
			if strings.Contains(r.text("Hashes"), "SHA1=") && r.text("Company") == "-" &&
				r.text("FileVersion") == "-" && !written[host+strings.ToLower(r.text("Image"))] {
				t.Errorf("%s:%d: %s ran but was never written", r.file, r.n, r.text("Image"))
			}
		case r.is(sysmonChannel, 3) && r.text("DestinationPort") != "88":
			if !answers[host+r.text("DestinationIp")] {
				t.Errorf("%s:%d: %s was never looked up", r.file, r.n, r.text("DestinationIp"))
			}
		}
	}
}

func TestWorkingHours(t *testing.T) {
	m, _ := generate(t, Config{Seed: 3, Days: 7, Users: 30, Scale: 0.5})
	inside, outside, weekday, weekend := 0, 0, 0, 0
	for _, r := range windowsRecords(t, m) {
		switch r.time.Weekday() {
		case time.Saturday, time.Sunday:
			weekend++
		default:
			weekday++
		}
		if r.is(secChannel, 4624) && (r.text("LogonType") == "2" || r.text("LogonType") == "7") {
			if h := r.time.Hour(); h >= 5 && h < 21 {
				inside++
			} else {
				outside++
			}
		}
	}
	if outside*50 > inside {
		t.Errorf("%d desktop logons by day, %d by night", inside, outside)
	}
	if weekend/2*2 > weekday/5 {
		t.Errorf("%d records on a weekday, %d on a weekend day", weekday/5, weekend/2)
	}
}

var (
	ipPattern   = regexp.MustCompile(`\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b`)
	namePattern = regexp.MustCompile(
		`\.(?:com|net|org|gov|edu|mil|int|io|eu|uk|de|us|info|cloud|local)\b`)
)

func TestOnlyInventedNames(t *testing.T) {
	m := standard(t)
	var allowed []netip.Prefix
	for _, p := range []string{
		"10.0.0.0/8", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "127.0.0.1/32",
	} {
		allowed = append(allowed, netip.MustParsePrefix(p))
	}
	version := regexp.MustCompile(`FileVersion|Chrome/|Edg/|Platform`)
	for name, buf := range m.files {
		for line := range strings.Lines(buf.String()) {
			line = strings.ReplaceAll(line, "http://schemas.microsoft.com/windows/", "")
			if word := namePattern.FindString(line); word != "" {
				t.Fatalf("%s: name %q", name, word)
			}
			for _, at := range ipPattern.FindAllStringIndex(line, -1) {
				if version.MatchString(line[max(0, at[0]-24):at[0]]) {
					continue
				}
				if ip, err := netip.ParseAddr(line[at[0]:at[1]]); err == nil && !within(ip, allowed) {
					t.Fatalf("%s: address %s in ...%s", name, ip, line[max(0, at[0]-60):at[1]])
				}
			}
		}
	}
}

func within(ip netip.Addr, allowed []netip.Prefix) bool {
	for _, p := range allowed {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}
