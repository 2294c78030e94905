package simulate

import (
	"hash/fnv"
	"strings"
	"time"
)

// conn is one connection as Sysmon and Zeek see it.
type conn struct {
	uid            string
	proto          string
	from           string
	fromPort       uint16
	to             string
	toPort         uint16
	service        string // Zeek's name, "-" when not recognised
	start          time.Duration
	duration       time.Duration
	sent, received int64
	failed         bool // refused or unanswered
}

// target is where a connection goes.
type target struct {
	name    string // looked up first unless empty
	ip      string // found by name when empty
	port    uint16
	service string
}

func webTarget(name string) target { return target{name: name, port: 443, service: "ssl"} }

func (h *host) target(port uint16, service string) target {
	return target{strings.ToLower(h.name) + "." + dnsDomain, h.ip, port, service}
}

// address returns the address of a name outside: always the same one.
func (w *world) address(name string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	n := h.Sum32()
	if strings.HasSuffix(name, partnerSuffix) {
		return "192.0.2." + decimal(10+n%200)
	}
	return "198.51.100." + decimal(4+n%246)
}

const partnerSuffix = ".partner.example"

// volume is how much a connection carries and how long it lasts.
type volume struct {
	sent, received int64
	lasts          time.Duration
}

// page is the volume of a typical page view.
func (a *actor) page() volume {
	return volume{
		int64(a.d.between(900, 9000)), int64(a.d.between(8_000, 900_000)),
		a.d.span(300*time.Millisecond, 70*time.Second),
	}
}

// connect opens a connection from process p, looking the name up before.
func (a *actor) connect(p *process, to target, v volume) *conn {
	if to.name != "" {
		if ip := a.lookup(p, to.name); to.ip == "" {
			to.ip = ip
		}
	}
	c := &conn{
		proto: "tcp", from: a.h.ip, fromPort: a.h.nextPort(), to: to.ip, toPort: to.port,
		service: to.service, start: a.t, duration: v.lasts, sent: v.sent, received: v.received,
	}
	a.w.logConn(c, a.trace)
	a.tick()
	a.connected(p, c)
	return c
}

// lookup resolves a name unless the host still knows it, and returns the
// address.
func (a *actor) lookup(p *process, name string) string {
	ip := a.w.address(name)
	if label, rest, _ := strings.Cut(name, "."); rest == dnsDomain {
		ip = ""
		if h := a.w.byName[strings.ToUpper(label)]; h != nil {
			ip = h.ip
		} else if h := a.w.byName[label]; h != nil {
			ip = h.ip
		}
	}
	if a.h.resolved[name] > a.t {
		return ip
	}
	a.h.resolved[name] = a.t + a.d.span(30*time.Minute, 4*time.Hour)
	a.w.logDNS(a.h, a.t, name, ip, a.trace)
	a.wait(2*time.Millisecond, 40*time.Millisecond)
	a.query(p, name, ip)
	return ip
}

// site is a place on the web that people visit.
type site struct {
	name  string
	plain bool // without TLS
}

// webSites makes the names that people may visit; a person prefers a few.
func webSites() []site {
	words := strings.Fields(`tidetables harbournews weatherdesk chartstore portregister
		shiptracker lawgazette crewdocs salarytips cityforum cookingbench trainplan
		maprooms librarium photostock statsbureau healthline quizden mailbox boardroom
		sailorsguild translateit bookshelf musicbox techwire sportdesk marketpage`)
	var sites []site
	for i, word := range words {
		sites = append(sites, site{"www." + word + ".example", i%7 == 3},
			site{"static." + word + ".example", false})
	}
	return sites
}
