package edge

import (
	"strings"

	"github.com/evident-sec/evident/event"
)

// Classes lists the OCSF classes (class_uid) that yield edges, in order.
func Classes() []uint32 {
	return []uint32{
		event.ClassFile, event.ClassModule, event.ClassJob, event.ClassProcess,
		event.ClassEventLog, event.ClassScript, event.ClassAccount, event.ClassAuth,
		event.ClassAuthorize, event.ClassEntity, event.ClassGroup, event.ClassNetwork,
		event.ClassHTTP, event.ClassDNS, event.ClassSMB, event.ClassSSH, event.ClassEmail,
		event.ClassConfig, event.ClassWeb, event.ClassAPI, event.ClassRegKey,
		event.ClassRegValue, event.ClassWinResource, event.ClassWinService,
	}
}

// Skeleton lists the classes that carry control between processes and hosts:
// few events, enough to find the hosts of an incident.
func Skeleton() []uint32 {
	return []uint32{
		event.ClassJob, event.ClassProcess, event.ClassEventLog, event.ClassAccount,
		event.ClassAuth, event.ClassGroup, event.ClassWinService,
	}
}

// Of returns the causal edges of one event, at most three; none where the event
// says nothing about cause. It reads attributes only.
func Of(ev *event.Event) []Edge { return Append(nil, ev, HostOf(ev)) }

// Append adds the edges of an event on host, as HostOf gives it, to list.
func Append(list []Edge, ev *event.Event, host string) []Edge {
	x := extractor{ev: ev, host: host, edges: list}
	x.extract()
	return x.edges
}

func (x *extractor) extract() {
	switch x.ev.Class {
	case event.ClassProcess:
		x.process()
	case event.ClassFile, event.ClassModule:
		x.file()
	case event.ClassRegKey, event.ClassRegValue:
		x.registry()
	case event.ClassNetwork, event.ClassSSH, event.ClassHTTP, event.ClassDNS:
		x.network()
	case event.ClassSMB:
		x.share()
	case event.ClassAuth:
		x.auth()
	case event.ClassWinService, event.ClassJob:
		x.broker()
	default:
		x.other()
	}
}

// Generic returns one context edge for an event that Of has nothing to say
// about, from whoever acted, so that a finding on it finds its place. It
// returns false where nobody is named.
func Generic(ev *event.Event) (Edge, bool) {
	x := extractor{ev: ev, host: HostOf(ev)}
	src := actorOrSession(ev, x.host)
	if !src.Is() {
		src = target(ev, x.host)
	}
	if !src.Is() {
		src = endpoint(x.get(event.AttrSrcIP), x.get(event.AttrSrcPort))
	}
	if !src.Is() {
		src = named(KindAccount, "", x.get(event.AttrActorUser))
	}
	dst := x.object()
	if !src.Is() {
		return Edge{}, false
	}
	x.add(VerbActed, Context, src, dst, x.connFacts())
	return x.edges[0], true
}

type extractor struct {
	ev    *event.Event
	host  string
	edges []Edge
}

func (x *extractor) get(a event.Attr) string { return x.ev.Attrs.Get(a) }

func (x *extractor) int(a event.Attr) int64 {
	return Number(x.get(a))
}

// failed reports whether the record says that nothing came of the attempt.
func (x *extractor) failed() bool { return strings.EqualFold(x.get(event.AttrStatus), "failure") }

// add appends the edge.
func (x *extractor) add(v Verb, s Strength, src, dst Entity, f *Facts) {
	if !src.Is() && !dst.Is() {
		return
	}
	seq := Number(x.get(event.AttrSequence))
	x.edges = append(x.edges, Edge{
		Time: x.ev.Time, Seq: seq, ID: x.ev.ID, Host: x.host, Src: src, Dst: dst,
		Verb: v, Strength: s, Key: weakest(src, dst), Facts: f,
	})
}

// weakest returns how well the less well named of two entities is named.
func weakest(a, b Entity) KeyKind { return min(keyOf(a), keyOf(b)) }

func keyOf(e Entity) KeyKind {
	switch {
	case e.Kind == KindProcess && e.Key != "":
		return KeyUID
	case e.Kind == KindProcess:
		return KeyPID
	case e.Kind == KindSession:
		return KeySession
	case e.Kind == KindEndpoint:
		return KeyAddress
	}
	return KeyName
}

// object returns the best entity the event acted upon.
func (x *extractor) object() Entity {
	for _, e := range []Entity{
		file(x.host, x.get(event.AttrFilePath)),
		named(KindRegistry, x.host, x.get(event.AttrRegKey)),
		named(KindService, x.host, x.get(event.AttrService)),
		named(KindJob, x.host, x.get(event.AttrJob)),
		named(KindScript, x.host, firstLine(x.get(event.AttrScript))),
		endpoint(x.get(event.AttrDstIP), x.get(event.AttrDstPort)),
		named(KindName, "", x.get(event.AttrQueryName)),
		named(KindAccount, "", x.get(event.AttrUser)),
		named(KindResource, "", x.get(event.AttrResourceName)),
		named(KindPipe, x.host, x.get(event.AttrResource)),
		target(x.ev, x.host),
		named(KindLog, x.host, x.get(event.AttrLogName)),
	} {
		if e.Is() {
			return e
		}
	}
	return Entity{}
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	if len(s) > 200 {
		s = s[:200]
	}
	return strings.TrimSpace(s)
}

// connFacts reads the addresses of the event.
func (x *extractor) connFacts() *Facts {
	return &Facts{
		SrcIP: Address(x.get(event.AttrSrcIP)), SrcPort: portText(x.get(event.AttrSrcPort)),
		SrcHost: ShortHost(x.get(event.AttrSrcHost)),
		DstIP:   Address(x.get(event.AttrDstIP)), DstPort: portText(x.get(event.AttrDstPort)),
		DstHost: ShortHost(x.get(event.AttrDstHost)),
		ConnUID: x.get(event.AttrConnUID), App: x.get(event.AttrAppProtocol),
		Bytes:   x.int(event.AttrBytesOut),
		Inbound: strings.EqualFold(x.get(event.AttrDirection), "inbound"),
	}
}
