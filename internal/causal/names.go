package causal

import (
	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal/edge"
)

// The words of package edge, which every reader of a graph needs: the names
// mean the same in both packages.
type (
	Edge     = edge.Edge
	Entity   = edge.Entity
	Facts    = edge.Facts
	Kind     = edge.Kind
	KeyKind  = edge.KeyKind
	Strength = edge.Strength
	Verb     = edge.Verb
)

// Strengths of an edge, see edge.Strength.
const (
	Context = edge.Context
	Data    = edge.Data
	Control = edge.Control
)

// Verbs of an edge, see edge.Verb.
const (
	VerbActed          = edge.VerbActed
	VerbSpawned        = edge.VerbSpawned
	VerbEnded          = edge.VerbEnded
	VerbInjected       = edge.VerbInjected
	VerbOpened         = edge.VerbOpened
	VerbReadMemory     = edge.VerbReadMemory
	VerbWrote          = edge.VerbWrote
	VerbRead           = edge.VerbRead
	VerbDeleted        = edge.VerbDeleted
	VerbRenamed        = edge.VerbRenamed
	VerbAltered        = edge.VerbAltered
	VerbLoaded         = edge.VerbLoaded
	VerbSetValue       = edge.VerbSetValue
	VerbConnected      = edge.VerbConnected
	VerbAccepted       = edge.VerbAccepted
	VerbResolved       = edge.VerbResolved
	VerbRequested      = edge.VerbRequested
	VerbLoggedOn       = edge.VerbLoggedOn
	VerbFailedLogon    = edge.VerbFailedLogon
	VerbUsedCredential = edge.VerbUsedCredential
	VerbTicket         = edge.VerbTicket
	VerbInstalled      = edge.VerbInstalled
	VerbRegistered     = edge.VerbRegistered
	VerbStarted        = edge.VerbStarted
	VerbAccessedShare  = edge.VerbAccessedShare
	VerbWroteShare     = edge.VerbWroteShare
	VerbCleared        = edge.VerbCleared
	VerbRanScript      = edge.VerbRanScript
	VerbChangedAccount = edge.VerbChangedAccount
	VerbPipe           = edge.VerbPipe
	VerbCalled         = edge.VerbCalled
	VerbMailed         = edge.VerbMailed
	VerbPrivilege      = edge.VerbPrivilege
	VerbTraffic        = edge.VerbTraffic
)

// Kinds of entities, see edge.Kind.
const (
	KindNone      = edge.KindNone
	KindProcess   = edge.KindProcess
	KindFile      = edge.KindFile
	KindSession   = edge.KindSession
	KindService   = edge.KindService
	KindJob       = edge.KindJob
	KindEndpoint  = edge.KindEndpoint
	KindAccount   = edge.KindAccount
	KindRegistry  = edge.KindRegistry
	KindPipe      = edge.KindPipe
	KindName      = edge.KindName
	KindLog       = edge.KindLog
	KindScript    = edge.KindScript
	KindResource  = edge.KindResource
	KindShare     = edge.KindShare
	KindPrincipal = edge.KindPrincipal
	KindGroup     = edge.KindGroup
	KindMailbox   = edge.KindMailbox
	KindDevice    = edge.KindDevice
)

// Classes lists the OCSF classes (class_uid) that yield edges, in order.
func Classes() []uint32 { return edge.Classes() }

// Skeleton lists the classes that carry control between processes and hosts.
func Skeleton() []uint32 { return edge.Skeleton() }

// EdgesOf returns the edges of one event, at most three.
func EdgesOf(ev *event.Event) []Edge { return edge.Of(ev) }

// Interpreter reports whether a program runs what others tell it to.
func Interpreter(base string) bool { return interpreters[base] }

// ConsoleWindow reports whether a program is the console window of its parent.
func ConsoleWindow(base string) bool { return consoles[base] }

// ShortHost returns the name in lower case without its domain.
func ShortHost(name string) string { return edge.ShortHost(name) }

// Base returns the last element of a path of either system.
func Base(path string) string { return edge.Base(path) }

// NormalPath returns the path in the form joins compare.
func NormalPath(path string) string { return edge.NormalPath(path) }

// SamePath reports whether two normal paths name the same file, and whether
// that rests on a short (8.3) name or an unknown drive letter.
func SamePath(a, b string) (same, ambiguous bool) { return edge.SamePath(a, b) }

// SystemPath reports whether the normal path lies where only the operating
// system and administrators write.
func SystemPath(path string) bool { return edge.SystemPath(path) }

// Code reports whether the file is of a type whose content runs.
func Code(path string) bool { return edge.Code(path) }

// Archive reports whether the file is of a type that holds many files.
func Archive(path string) bool { return edge.Archive(path) }

// PrivateAddress reports whether an address can be a host of ours.
func PrivateAddress(ip string) bool { return edge.PrivateAddress(ip) }
