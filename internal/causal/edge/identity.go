package edge

import (
	"strings"

	"github.com/evident-sec/evident/event"
)

func (x *extractor) auth() {
	facts := x.connFacts()
	facts.User = x.get(event.AttrUser)
	facts.Session = strings.ToLower(x.get(event.AttrSession))
	facts.SessionGUID = GUID(x.get(event.AttrSessionGUID))
	facts.LinkedSession = strings.ToLower(x.get(event.AttrLinkedSession))
	facts.LogonType = x.int(event.AttrLogonType)
	facts.App = x.get(event.AttrAuthProtocol)
	facts.RealActor = strings.ToLower(x.get(event.AttrActorSession))
	account := named(KindAccount, "", facts.User)
	switch {
	case x.ev.Activity == event.AuthLogoff:
		x.add(VerbEnded, Context, Entity{}, session(x.host, facts.Session, facts.User), facts)
	case x.ev.Activity == event.AuthPreauth:
		x.add(VerbUsedCredential, Control, actorOrSession(x.ev, x.host), account, facts)
	case x.ev.Activity == event.AuthTicket || x.ev.Activity == event.AuthServiceTicket,
		x.validation(facts):
		x.add(VerbTicket, Context, endpoint(facts.SrcIP, facts.SrcPort), account, facts)
	case x.failed():
		x.add(VerbFailedLogon, Context, logonSource(facts), account, facts)
	default:
		x.logon(facts)
	}
}

// validation reports whether the record only says that credentials were checked:
// a directory server that answers for another host (Security 4776), or the
// network's own log of an authentication. The session is opened elsewhere.
func (x *extractor) validation(f *Facts) bool {
	if f.Session != "" || x.failed() {
		return false
	}
	return x.host == "" && f.ConnUID != "" || x.get(event.AttrEventCode) == "4776"
}

// logon joins the endpoint, or the account of a sign-in without address, to
// the session it opened.
func (x *extractor) logon(facts *Facts) {
	id := facts.Session
	if id == "" {
		id = facts.SessionGUID
	}
	dst := session(x.host, id, facts.User)
	if dst.Is() && MachineSession(dst.Key) {
		return
	}
	if !dst.Is() {
		// sshd names its process, not a session
		if dst = Actor(x.ev, x.host); !dst.Is() {
			dst = named(KindAccount, x.host, facts.User)
		}
	}
	src := logonSource(facts)
	if !src.Is() {
		src = named(KindAccount, "", facts.User)
	}
	x.add(VerbLoggedOn, Control, src, dst, facts)
	if p := Actor(x.ev, x.host); p.Is() && dst.Kind == KindSession && facts.LogonType == 0 {
		// Linux names the server process that holds the session
		x.add(VerbStarted, Control, p, dst, facts)
	}
}

func logonSource(f *Facts) Entity {
	if e := endpoint(f.SrcIP, ""); e.Is() {
		return e
	}
	return named(KindEndpoint, "", f.SrcHost)
}

func (x *extractor) broker() {
	who := actorOrSession(x.ev, x.host)
	facts := &Facts{
		User: x.get(event.AttrActorUser), RealActor: strings.ToLower(x.get(event.AttrActorSession)),
	}
	if x.ev.Class == event.ClassJob {
		facts.Command = x.get(event.AttrJobCmd)
		x.jobEdge(who, named(KindJob, x.host, x.get(event.AttrJob)), facts)
		return
	}
	facts.Command = x.get(event.AttrServiceCmd)
	service := named(KindService, x.host, x.get(event.AttrService))
	switch x.ev.Activity {
	case 1, 2:
		x.add(VerbInstalled, Control, who, service, facts)
	default:
		x.add(VerbAltered, Context, who, service, facts)
	}
}

func (x *extractor) jobEdge(who, job Entity, facts *Facts) {
	switch x.ev.Activity {
	case 1, 2, 4:
		x.add(VerbRegistered, Control, who, job, facts)
	case 6:
		x.add(VerbStarted, Control, job, target(x.ev, x.host), facts)
	default:
		x.add(VerbAltered, Context, who, job, facts)
	}
}

func (x *extractor) other() {
	who := actorOrSession(x.ev, x.host)
	facts := &Facts{
		User: x.get(event.AttrActorUser), RealActor: strings.ToLower(x.get(event.AttrActorSession)),
	}
	switch x.ev.Class {
	case event.ClassEventLog:
		x.add(VerbCleared, Control, who, named(KindLog, x.host, x.logName()), facts)
	case event.ClassScript:
		if x.get(event.AttrScript) == "" {
			return
		}
		x.script(who, facts)
	case event.ClassAccount, event.ClassGroup:
		if !x.account().Is() && x.get(event.AttrOperation) != "" {
			x.called(facts) // a grant or role: it changes no account by name
			return
		}
		x.membership(who, facts)
	case event.ClassAuthorize:
		facts.Value = x.get(event.AttrPrivileges)
		x.add(VerbPrivilege, Context, who, x.account(), facts)
	case event.ClassWinResource:
		switch name := x.get(event.AttrResource); {
		case isPipe(name) && who.Kind == KindProcess:
			if x.ev.Activity == resourceCreate {
				facts.Value = PipeServer
			}
			x.add(VerbPipe, Data, who, named(KindPipe, x.host, name), facts)
		case strings.HasPrefix(name, "%{") && who.Kind == KindSession:
			// an object of the directory, by its identifier
			x.add(VerbCalled, Control, who, named(KindResource, x.host, name), facts)
		}
	case event.ClassEmail:
		x.add(VerbMailed, Data, named(KindAccount, "", facts.User), x.account(), facts)
	default:
		x.called(facts)
	}
}

// isPipe tells a pipe's name from the other kernel objects of its class.
func isPipe(name string) bool {
	low := strings.ToLower(name)
	return strings.HasPrefix(low, `\`) && !strings.HasPrefix(low, `\device\`) &&
		!strings.HasPrefix(low, `\registry\`) && !strings.HasPrefix(low, `\basenamedobjects`)
}

func (x *extractor) logName() string {
	if s := x.get(event.AttrResourceName); s != "" {
		return s
	}
	return x.get(event.AttrLogName)
}

func (x *extractor) account() Entity {
	if u := named(KindAccount, "", x.get(event.AttrUser)); u.Is() {
		return u
	}
	return named(KindGroup, "", x.get(event.AttrGroup))
}

// called reads cloud, identity, directory and device management records: a
// process, session or principal calls an operation on something.
func (x *extractor) called(facts *Facts) {
	net := x.connFacts()
	facts.SrcIP, facts.SrcPort = net.SrcIP, net.SrcPort
	facts.DstIP, facts.DstHost = net.DstIP, net.DstHost
	facts.Origin = x.get(event.AttrUserAgent)
	facts.Value = firstOf(x.get(event.AttrOperation), x.get(event.AttrEventCode))
	by := principal(x.get(event.AttrActorUID), facts.User)
	if x.onTheWire(net, facts) {
		return
	}
	who, strength := x.caller(facts, by), Control
	if x.failed() {
		facts.Access, strength = "failed", Context
	}
	what := x.calledOn(facts.Value)
	if app := principal(x.get(event.AttrApp), ""); app.Is() && app != by {
		x.add(VerbCalled, strength, app, what, facts) // the program that acts for the account
	}
	x.add(VerbCalled, strength, who, what, facts)
	if who.Kind == KindSession && by.Is() {
		x.add(VerbActed, Context, by, who, facts)
	}
}

// caller returns the best named of who made a call.
func (x *extractor) caller(facts *Facts, by Entity) Entity {
	if p := Actor(x.ev, x.actorHost()); p.Is() && x.host != "" {
		return p
	}
	for _, id := range []string{x.get(event.AttrActorSession), x.get(event.AttrSession)} {
		host := ""
		if strings.HasPrefix(id, "0x") {
			host = x.host // a session of a machine, not of an identity provider
		}
		if s := session(host, id, facts.User); s.Is() {
			return s
		}
	}
	if by.Is() {
		return by
	}
	return named(KindAccount, "", facts.User)
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
