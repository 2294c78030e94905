package edge

import (
	"strconv"
	"strings"

	"github.com/evident-sec/evident/event"
)

// PipeServer marks the record of the process that created a pipe; the others
// opened it.
const PipeServer = "created"

// resourceCreate is the activity Create of Windows Resource Activity (201003).
const resourceCreate = 1

// Part returns which part of how many a record of a long script block is, from
// the text that the mapping of PowerShell 4104 gives ("part 2 of 3"); ok is false
// for anything else.
func Part(text string) (n, of int64, ok bool) {
	rest, ok := strings.CutPrefix(text, "part ")
	if !ok {
		return 0, 0, false
	}
	a, b, ok := strings.Cut(rest, " of ")
	if !ok {
		return 0, 0, false
	}
	n, err := strconv.ParseInt(a, 10, 32)
	of, err2 := strconv.ParseInt(b, 10, 32)
	if err != nil || err2 != nil || n < 1 || of < n {
		return 0, 0, false
	}
	return n, of, true
}

// script names a script block that comes in several records by its identifier, so
// that its parts are one thing; Access keeps which part this is.
func (x *extractor) script(who Entity, facts *Facts) {
	facts.Value = x.get(event.AttrScript)
	block := named(KindScript, x.host, firstLine(facts.Value))
	id := GUID(x.get(event.AttrResourceName))
	if _, of, ok := Part(x.get(event.AttrStatusDetail)); ok && of > 1 && id != "" {
		block.Kind, block.Host, block.Key = KindScript, x.host, id
		facts.Access = x.get(event.AttrStatusDetail)
	}
	x.add(VerbRanScript, Control, who, block, facts)
}

// membership tells who changed an account or group; where both are named, that
// the one is now in, or out of, the other.
func (x *extractor) membership(who Entity, facts *Facts) {
	facts.Value = x.get(event.AttrGroup)
	account, group := x.account(), named(KindGroup, "", facts.Value)
	x.add(VerbChangedAccount, Control, who, account, facts)
	if account.Kind == KindAccount && group.Is() {
		x.add(VerbChangedAccount, Context, account, group, facts)
	}
}

// calledOn returns what an operation was called on: a mailbox of a mail service, a
// device of device management, else the resource or the operation itself.
func (x *extractor) calledOn(operation string) Entity {
	name := x.get(event.AttrResourceName)
	switch service := strings.ToLower(x.get(event.AttrOperationService)); {
	case strings.Contains(service, "exchange") && strings.Contains(name, "@"):
		return named(KindMailbox, "", name)
	case x.ev.Class == event.ClassEntity || x.ev.Class == event.ClassConfig:
		id := x.get(event.AttrDeviceUID)
		if id != "" && id != "-" && !Actor(x.ev, x.host).Is() { // not what ran on it
			return Entity{
				Kind: KindDevice, Key: strings.ToLower(id),
				Name: firstOf(x.get(event.AttrHost), firstOf(name, id)),
			}
		}
	}
	return named(KindResource, "", firstOf(name, operation))
}

// actorHost returns the host of the acting process: a record of WMI names the
// process of the client, which may run on another machine.
func (x *extractor) actorHost() string {
	client := ShortHost(x.get(event.AttrSrcHost))
	if client == "" || client == x.host || x.get(event.AttrOperationService) != "WMI" {
		return x.host
	}
	return client
}

// onTheWire tells a remote procedure call that the network's own log saw: traffic
// between two endpoints, with service and operation as its value.
func (x *extractor) onTheWire(net, facts *Facts) bool {
	src, dst := endpoint(net.SrcIP, ""), endpoint(net.DstIP, net.DstPort)
	if x.host != "" || net.ConnUID == "" || !src.Is() || !dst.Is() {
		return false
	}
	net.Value = strings.ToLower(firstOf(x.get(event.AttrOperationService), "?") + "::" + facts.Value)
	x.add(VerbTraffic, Context, src, dst, net)
	return true
}

// fileOnTheWire tells that a file crossed the network, by its hash.
func (x *extractor) fileOnTheWire() {
	f := x.connFacts()
	f.SHA256 = strings.ToLower(x.get(event.AttrFileSHA256))
	src, dst := endpoint(f.SrcIP, ""), endpoint(f.DstIP, f.DstPort)
	if x.host != "" || f.SHA256 == "" || !src.Is() || !dst.Is() {
		return
	}
	f.Value = firstOf(x.get(event.AttrFilePath), x.get(event.AttrFileName))
	x.add(VerbTraffic, Context, src, dst, f)
}
