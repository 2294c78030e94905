package edge

import (
	"time"

	"github.com/evident-sec/evident/event"
)

// Strength says what an edge may carry.
type Strength uint8

// Strengths: context is never followed, data only under scope rules, control
// always.
const (
	Context Strength = iota
	Data
	Control
)

// String returns the letter of the inventory table: X, D or C.
func (s Strength) String() string { return [...]string{"X", "D", "C"}[s] }

// Verb says what the source did to the target.
type Verb uint8

// The verbs. The source of Loaded and Executed is the file: what the code in
// it caused.
const (
	VerbActed Verb = iota
	VerbSpawned
	VerbEnded
	VerbInjected
	VerbOpened
	VerbReadMemory // of the process that keeps credentials
	VerbWrote
	VerbRead
	VerbDeleted
	VerbRenamed
	VerbAltered
	VerbLoaded
	VerbSetValue
	VerbConnected
	VerbAccepted
	VerbResolved
	VerbRequested
	VerbLoggedOn
	VerbFailedLogon
	VerbUsedCredential
	VerbTicket
	VerbInstalled
	VerbRegistered
	VerbStarted
	VerbAccessedShare
	VerbWroteShare
	VerbCleared
	VerbRanScript
	VerbChangedAccount
	VerbPipe
	VerbCalled
	VerbMailed
	VerbPrivilege
	VerbTraffic
)

var verbNames = [...]string{
	"acted", "spawned", "ended", "injected", "opened", "read credentials of", "wrote", "read",
	"deleted", "renamed", "altered", "loaded", "set", "connected to", "accepted", "resolved",
	"requested", "logged on", "failed to log on", "used credentials", "got a ticket for",
	"installed", "registered", "started", "accessed", "wrote to share", "cleared", "ran script",
	"changed", "used pipe", "called", "mailed", "gained privileges", "exchanged traffic",
}

// String returns the verb in the past tense.
func (v Verb) String() string { return verbNames[v] }

// KeyKind says by what the two ends of an edge are named.
type KeyKind uint8

// Key kinds, weakest first.
const (
	KeyTime KeyKind = iota
	KeyName
	KeyAddress
	KeyPID
	KeySession
	KeyUID
)

var keyNames = [...]string{"time", "name", "address", "pid", "session", "uid"}

// String returns the kind of key.
func (k KeyKind) String() string { return keyNames[k] }

// Edge is one causal statement of one event.
type Edge struct {
	Time     time.Time
	Seq      int64 // record number the source gave, 0 when none
	ID       event.ID
	Host     string
	Src, Dst Entity
	Verb     Verb
	Strength Strength
	Key      KeyKind
	Facts    *Facts // nil where the edge needs none
}

// Facts are the attributes of an event that later joins or sentences need. All
// are as the source wrote them, except addresses, guids and host names, which
// are in the form joins compare.
type Facts struct {
	CmdLine, User, Session, SessionGUID, LinkedSession   string
	Integrity, SHA256, Original                          string
	SrcIP, SrcPort, SrcHost, DstIP, DstPort, DstHost     string
	ConnUID, App, Access, Command, Origin, Signed, Value string
	LogonType                                            int64
	Bytes                                                int64
	Linux                                                bool
	Inbound                                              bool
	RealActor                                            string // session that acted
}

// Remote reports whether a logon came over the network.
func (f *Facts) Remote() bool {
	switch f.LogonType {
	case 2, 4, 5, 7, 11, 12, 13:
		return false
	case 3, 8, 9, 10:
		return f.SrcIP != "" || f.SrcHost != "" || f.SessionGUID != ""
	}
	return f.SrcIP != "" || f.SrcHost != ""
}
