package edge

import (
	"net/netip"
	"strings"

	"github.com/evident-sec/evident/event"
)

func (x *extractor) network() {
	who, facts := Actor(x.ev, x.host), x.connFacts()
	src := endpoint(facts.SrcIP, facts.SrcPort)
	dst := endpoint(facts.DstIP, facts.DstPort)
	switch {
	case x.ev.Class == event.ClassDNS:
		x.dns(who, facts)
	case x.ev.Class == event.ClassHTTP && who.Is():
		x.add(VerbRequested, Data, who, dst, x.withURL(facts))
	case who.Is() && facts.Inbound && src.Is():
		x.add(VerbAccepted, Data, src, who, facts)
	case who.Is() && dst.Is():
		x.add(VerbConnected, Data, who, dst, facts)
	case src.Is() && dst.Is():
		// the port of the connecting side is another each time: facts keep it
		x.add(VerbTraffic, Context, endpoint(facts.SrcIP, ""), dst, x.withURL(facts))
	}
}

func (x *extractor) withURL(f *Facts) *Facts {
	f.Value = x.get(event.AttrURL)
	return f
}

func (x *extractor) dns(who Entity, facts *Facts) {
	name := named(KindName, "", x.get(event.AttrQueryName))
	facts.Value = x.get(event.AttrAnswers)
	if src := endpoint(facts.SrcIP, ""); !who.Is() && src.Is() && name.Is() {
		x.add(VerbTraffic, Context, src, name, facts) // what the network saw of the question
		return
	}
	if !who.Is() || !name.Is() {
		return
	}
	x.add(VerbResolved, Context, who, name, facts)
}

// share reads SMB activity: the session that opened it and the path inside.
func (x *extractor) share() {
	facts := x.connFacts()
	facts.Access = x.get(event.AttrAccess)
	s := session(x.host, x.get(event.AttrActorSession), x.get(event.AttrActorUser))
	if !s.Is() {
		if p := Actor(x.ev, x.host); p.Is() {
			s = p
		} else {
			s = endpoint(facts.SrcIP, facts.SrcPort)
		}
	}
	share, path := x.get(event.AttrShare), x.get(event.AttrFilePath)
	if path == "" {
		path = x.get(event.AttrFileName)
	}
	host := x.host
	if _, err := netip.ParseAddr(facts.DstHost); host == "" && err != nil {
		host = facts.DstHost // seen on the network
	}
	if f := sharedFile(host, share, path); f.Is() && writes(x.ev, facts.Access) {
		x.add(VerbWroteShare, Data, s, f, facts)
		return
	}
	x.add(VerbAccessedShare, Data, s, named(KindShare, host, shareName(share, path)), facts)
}

func sharedFile(host, share, path string) Entity {
	if path == "" || path == "-" || path == `\` {
		return Entity{}
	}
	if strings.HasPrefix(path, `\\`) || len(path) > 1 && path[1] == ':' {
		return file(host, path)
	}
	name := share[strings.LastIndexByte(strings.TrimRight(share, `\`), '\\')+1:]
	return file(host, `\\`+host+`\`+strings.TrimRight(name, `\`)+`\`+strings.TrimLeft(path, `\`))
}

func shareName(share, path string) string {
	if path == "" || path == "-" {
		return share
	}
	return share + `\` + strings.TrimLeft(path, `\`)
}

// writes reports whether a share access may create content: the WriteData bit
// (0x2) of the mask of Windows 5145, or a file creation on the wire.
func writes(ev *event.Event, access string) bool {
	if access == "" {
		return ev.Activity == 2
	}
	low := strings.ToLower(access)
	return strings.Contains(low, "write") || strings.Contains(low, "%%4417") ||
		strings.HasPrefix(low, "0x") && accessMask(low)&0x2 != 0
}
