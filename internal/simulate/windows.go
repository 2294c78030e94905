package simulate

import "time"

// channel is a Windows event log with what all its records share.
type channel struct {
	name, source, provider string
	keywords               int64
	pid                    int // of the logging process in the record's header
}

var (
	securityLog = channel{
		"Security", "Microsoft-Windows-Security-Auditing",
		"{54849625-5478-4994-A5BA-3E3B0328C30D}", -9214364837600034816, 712,
	}
	sysmonLog = channel{
		"Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon",
		"{5770385F-C22A-43E0-BF4C-06F5698FFBD9}", -9223372036854775808, 3188,
	}
	serviceLog = channel{
		"System", "Service Control Manager",
		"{555908D1-A6D7-4695-8E1E-26931D2012F4}", -9187343239835811840, 696,
	}
	systemLog = channel{
		"System", "User32",
		"{B0AA8734-56F7-41CC-B2F4-DE228E98B946}", -9187343239835811840, 668,
	}
	kernelLog = channel{
		"System", "EventLog",
		"", 36028797018963968, 0,
	}
	clearedSecurity = channel{
		"Security", "Microsoft-Windows-Eventlog",
		"{FC65DDD8-D6EF-4962-83D5-6E5CFE9CE148}", 4620693217682128896, 1204,
	}
	clearedSystem = channel{
		"System", "Microsoft-Windows-Eventlog",
		"{FC65DDD8-D6EF-4962-83D5-6E5CFE9CE148}", -9223372036854775808, 1204,
	}
	powershellLog = channel{
		"Microsoft-Windows-PowerShell/Operational",
		"Microsoft-Windows-PowerShell", "{A0C1853B-5C40-4B15-8766-3CF1C58F985A}", 0, 0,
	}
)

const auditFailure = -9218868437227405312

// winEvent is one Windows record before it is encoded.
type winEvent struct {
	ch       *channel
	id       int
	version  int
	task     int
	category string
	failure  bool
	pid      int      // of the logging process, 0 for the channel's
	who      *account // of the header, SYSTEM when nil and the channel has one
	data     []string // names and values in the order of the event's manifest
	title    string   // of a message that lists the data, else messages has it
}

// Layouts of EventTime and @timestamp; Sysmon's UtcTime has milliseconds.
const (
	eventTime = "2006-01-02 15:04:05"
	isoMillis = "2006-01-02T15:04:05.000Z"
	utcMillis = "2006-01-02 15:04:05.000"
)

// log encodes a Windows record and queues it.
func (a *actor) log(e *winEvent) {
	o := openObject(a.w.out.buffer())
	at := a.w.clock(a.t)
	o.key("EventTime")
	o.b = append(at.AppendFormat(append(o.b, '"'), eventTime), '"')
	o.str("Hostname", a.h.fqdn)
	a.header(&o, e)
	if e.ch.pid != 0 || e.pid != 0 {
		o.num("ExecutionProcessID", int64(max(e.pid, e.ch.pid*boolInt(e.pid == 0))))
	}
	o.num("ThreadID", int64(4*a.d.between(20, 2400)))
	o.str("Channel", e.ch.name)
	o.key("RecordNumber")
	hole := len(o.b)
	o.key("Message")
	o.b = append(o.b, '"')
	o.b = append(e.appendMessage(o.b), '"')
	if e.category != "" {
		o.str("Category", e.category)
	}
	o.str("Opcode", "Info")
	a.identity(&o, e)
	o.pairs(e.data)
	o.key("EventReceivedTime")
	received := at.Add(a.d.span(400*time.Millisecond, 2*time.Second))
	o.b = append(received.AppendFormat(append(o.b, '"'), eventTime), '"')
	o.str("SourceModuleName", "eventlog")
	o.str("SourceModuleType", "im_msvistalog")
	o.key("@timestamp")
	o.b = append(at.AppendFormat(append(o.b, '"'), isoMillis), '"')
	o.str("host", "ha-mgt01."+dnsDomain)
	a.w.out.add(a.t, record{
		to: a.w.win, line: o.line(), holes: []int{hole},
		number: a.h.counter(e.ch), host: a.h.fqdn, traces: [2]*Trace{a.trace},
	})
}

func (a *actor) header(o *object, e *winEvent) {
	kind, keywords := "INFO", e.ch.keywords
	if e.ch == &securityLog {
		kind = "AUDIT_SUCCESS"
	}
	severity, level := int64(2), "INFO"
	if e.failure {
		kind, keywords, severity, level = "AUDIT_FAILURE", auditFailure, 4, "ERROR"
	}
	o.num("Keywords", keywords)
	if !hasField(e.data, "EventType") {
		o.str("EventType", kind)
	}
	o.num("SeverityValue", severity)
	o.str("Severity", level)
	o.num("EventID", int64(e.id))
	o.str("SourceName", e.ch.source)
	if e.ch.provider != "" {
		o.str("ProviderGuid", e.ch.provider)
	}
	o.num("Version", int64(e.version))
	o.num("Task", int64(e.task))
	o.num("OpcodeValue", 0)
}

// identity adds the account of the header, which Security records lack.
func (a *actor) identity(o *object, e *winEvent) {
	who := e.who
	if who == nil {
		if e.ch != &sysmonLog {
			return
		}
		who = systemAccount
	}
	o.str("Domain", who.domain)
	o.str("AccountName", who.name)
	o.str("UserID", who.sid)
	o.str("AccountType", "User")
}

func (h *host) counter(ch *channel) *int64 {
	switch ch.name {
	case "Security":
		return &h.numbers.security
	case "System":
		return &h.numbers.system
	case sysmonLog.name:
		return &h.numbers.sysmon
	}
	return &h.numbers.powershell
}

func hasField(data []string, name string) bool {
	for i := 0; i < len(data); i += 2 {
		if data[i] == name {
			return true
		}
	}
	return false
}

func value(data []string, name string) string {
	for i := 0; i+1 < len(data); i += 2 {
		if data[i] == name {
			return data[i+1]
		}
	}
	return "-"
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
