package edge

import (
	"slices"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
)

// Version numbers what RecordOf says. Whoever stores records compares it and
// derives them anew where it differs, so every change of the edges of an event,
// or of what a Record holds, counts it up.
const Version = 2

// Record is all that one event tells a graph: its edges, and what the search for
// it and the gap list need. Texts may be views of somebody's memory.
type Record struct {
	ID     event.ID
	Time   time.Time
	Seq    int64         // record number the source gave, 0 when none
	Clock  time.Duration // time inside the record minus its header's; see Timed
	Timed  bool          // Clock is known
	Origin               // where it comes from
	Edges  []Edge        // at most three
}

// Origin is what many events of one source have in common.
type Origin struct {
	Class uint32 // OCSF class_uid
	Host  string // short lower-case name; "" where the event names none
	Place string // log source of a process record without a host, see HostOf
	Log   string // the log's name, else the product's
	OwnIP string // address that the event proves its host to have

	// As the event has them; a Query compares them without case.
	DeviceIP, SrcIP, Session, ActorSession     string
	ActorUID, ActorUser, Resource, Application string
}

// HostName returns what HostOf returns for the event.
func (o *Origin) HostName() string {
	if o.Host == "" {
		return o.Place
	}
	return o.Host
}

// RecordOf reads an event. Edges are appended to room, which may be nil.
func RecordOf(ev *event.Event, room []Edge) Record {
	a := ev.Attrs
	r := Record{
		ID: ev.ID, Time: ev.Time, Seq: Number(a.Get(event.AttrSequence)),
		Origin: Origin{
			Class: ev.Class, Host: ShortHost(a.Get(event.AttrHost)), Log: a.Get(event.AttrLogName),
			DeviceIP: a.Get(event.AttrHostIP), SrcIP: a.Get(event.AttrSrcIP),
			Session: a.Get(event.AttrSession), ActorSession: a.Get(event.AttrActorSession),
			ActorUID: a.Get(event.AttrActorUID), ActorUser: a.Get(event.AttrActorUser),
			Resource: a.Get(event.AttrResourceName), Application: a.Get(event.AttrApp),
		},
	}
	if r.Log == "" {
		r.Log = a.Get(event.AttrProductName)
	}
	if r.Host == "" {
		r.Place = HostOf(ev)
	}
	if text := a.Get(event.AttrOriginalTime); text != "" {
		if t, ok := payloadTime(text); ok {
			r.Clock, r.Timed = t.Sub(ev.Time), true
		}
	}
	host := r.HostName()
	if host != "" {
		r.OwnIP = ownAddress(ev, host)
	}
	r.Edges = Append(room, ev, host)
	return r
}

// ownAddress learns a host's address from connections of its own processes
// whose direction is recorded.
func ownAddress(ev *event.Event, host string) string {
	var own event.Attr
	switch {
	case ev.Class == event.ClassEntity && ev.Attrs.Get(event.AttrDstHost) != "":
		// a record of the directory: who asked from this host, by its address
		own = event.AttrSrcIP
	case ev.Class != event.ClassNetwork:
		return ""
	case strings.EqualFold(ev.Attrs.Get(event.AttrDirection), "outbound"):
		own = event.AttrSrcIP
	case strings.EqualFold(ev.Attrs.Get(event.AttrDirection), "inbound"):
		own = event.AttrDstIP
	default:
		return ""
	}
	if ev.Class == event.ClassNetwork && !Actor(ev, host).Is() {
		return ""
	}
	if ip := Address(ev.Attrs.Get(own)); PrivateAddress(ip) {
		return ip
	}
	return ""
}

// payloadTime reads the time text of a payload: "2006-01-02 15:04:05.000" as most
// records have it, without the general parser's cost, or RFC 3339.
func payloadTime(text string) (time.Time, bool) {
	if len(text) < 19 || text[10] != ' ' {
		t, err := time.Parse(time.RFC3339Nano, text)
		return t, err == nil
	}
	var n [6]int
	for i, at := range [6][2]int{{0, 4}, {5, 7}, {8, 10}, {11, 13}, {14, 16}, {17, 19}} {
		for _, c := range []byte(text[at[0]:at[1]]) {
			if c < '0' || c > '9' {
				return time.Time{}, false
			}
			n[i] = 10*n[i] + int(c-'0')
		}
	}
	if n[1] < 1 || n[1] > 12 || n[2] < 1 || n[2] > 31 || n[3] > 23 || n[4] > 59 || n[5] > 60 {
		return time.Time{}, false
	}
	t := time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, time.UTC)
	if rest := text[19:]; len(rest) > 1 && rest[0] == '.' {
		frac := time.Duration(time.Second)
		for _, c := range []byte(rest[1:]) {
			if c < '0' || c > '9' {
				return t, false
			}
			frac /= 10
			t = t.Add(time.Duration(c-'0') * frac)
		}
	}
	return t, true
}

// Query asks for events: all conditions hold together, an empty one always.
type Query struct {
	From, To time.Time // From <= time < To
	Hosts    []string  // short lower-case names
	Classes  []uint32  // class_uid
	Address  string    // src_endpoint.ip or device.ip is this
	Session  string    // session.uid or actor.session.uid is this
	Named    string    // actor.user.uid, actor.user.name, resource.name or app.name is this
}

// Wants reports whether events of an origin are asked for, whatever their time.
// Texts are compared without case.
func (q *Query) Wants(o *Origin) bool {
	switch {
	case len(q.Classes) > 0 && !slices.Contains(q.Classes, o.Class):
		return false
	case len(q.Hosts) > 0 && (o.Host == "" || !slices.Contains(q.Hosts, o.Host)):
		return false
	case q.Address != "" && !oneOf(q.Address, o.SrcIP, o.DeviceIP):
		return false
	case q.Session != "" && !oneOf(q.Session, o.Session, o.ActorSession):
		return false
	case q.Named != "" && !oneOf(q.Named, o.ActorUID, o.ActorUser, o.Resource, o.Application):
		return false
	}
	return true
}

func oneOf(want string, have ...string) bool {
	return slices.ContainsFunc(have, func(s string) bool { return strings.EqualFold(s, want) })
}

// Restored gives an edge that was stored without it the kind of its key.
func (e *Edge) Restored() { e.Key = weakest(e.Src, e.Dst) }
