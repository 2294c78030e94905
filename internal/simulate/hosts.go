package simulate

import (
	"fmt"
	"time"
)

type hostKind int

const (
	workstation hostKind = iota
	windowsServer
	linuxServer
)

// host is a computer with everything that is numbered per computer.
type host struct {
	name, fqdn, ip string
	kind           hostKind
	role           string // "dc", "file", "mail" and so on; "" for a workstation
	account        *account
	machine        uint32 // first part of Sysmon's GUIDs
	d              dice

	boots    int
	up       bool
	pids     map[uint32]bool
	guids    uint64
	port     uint16
	luid     uint64
	procs    map[string]*process // long-running processes by short name
	system   *session
	local    *session
	network  *session
	numbers  struct{ security, sysmon, system, powershell int64 }
	resolved map[string]time.Duration // names in the resolver cache until
	tickets  map[string]*networkLogon // open network logons by user and server

	lx *linuxState
}

type serverSpec struct{ name, role string }

var windowsServers = []serverSpec{
	{"HA-DC01", "dc"},
	{"HA-DC02", "dc"},
	{"HA-FS01", "file"},
	{"HA-FS02", "file"},
	{"HA-APP01", "app"},
	{"HA-APP02", "vetting"},
	{"HA-SQL01", "sql"},
	{"HA-MX01", "mail"},
	{"HA-PRT01", "print"},
	{"HA-BKP01", "backup"},
	{"HA-MGT01", "manage"},
	{"HA-JMP01", "jump"},
}

var linuxServers = []serverSpec{
	{"ha-web01", "web"},
	{"ha-web02", "web"},
	{"ha-db01", "database"},
	{"ha-gw01", "gateway"},
	{"ha-log01", "log"},
	{"ha-scan01", "scanner"},
}

// install makes the hosts: own workstations for office staff, one shared
// workstation for two people on shifts, and the servers.
func (w *world) install() {
	n, shifted := 0, 0
	var shared *host
	for _, p := range w.people {
		if p.dept.shift {
			p.start = 5*time.Hour + 45*time.Minute
			if shifted%2 == 0 {
				shared = w.workstation(&n)
			} else {
				p.start = 13*time.Hour + 55*time.Minute
			}
			shifted++
			p.host, p.stop = shared, p.start+8*time.Hour
			continue
		}
		p.host = w.workstation(&n)
	}
	for i, s := range windowsServers {
		h := w.addHost(s.name, fmt.Sprintf("10.20.4.%d", 10+i), windowsServer)
		h.role = s.role
	}
	for i, s := range linuxServers {
		h := w.addHost(s.name, fmt.Sprintf("10.20.8.%d", 10+i), linuxServer)
		h.role = s.role
		h.fqdn = s.name
		w.openLinux(h)
	}
}

func (w *world) workstation(n *int) *host {
	i := *n
	*n++
	ip := fmt.Sprintf("10.20.%d.%d", 16+i/200, 20+i%200)
	return w.addHost(fmt.Sprintf("HA-WS%03d", i+1), ip, workstation)
}

func (w *world) addHost(name, ip string, kind hostKind) *host {
	d := w.dice("host/" + name)
	h := &host{
		name: name, fqdn: name + "." + dnsDomain, ip: ip, kind: kind, d: d,
		machine: d.Uint32(), boots: d.between(3, 40), pids: map[uint32]bool{},
		port: uint16(49152 + d.IntN(9000)), luid: uint64(d.between(0x30000, 0x90000)),
		procs: map[string]*process{}, resolved: map[string]time.Duration{},
		tickets: map[string]*networkLogon{},
	}
	h.numbers.security = int64(d.between(90_000, 900_000))
	h.numbers.sysmon = int64(d.between(200_000, 2_000_000))
	h.numbers.system = int64(d.between(2_000, 30_000))
	h.numbers.powershell = int64(d.between(500, 9_000))
	w.hosts = append(w.hosts, h)
	w.byName[name] = h
	if kind != linuxServer {
		h.account = w.account(name + "$")
	}
	return h
}

// server returns the named server; the name is one of the tables above.
func (w *world) server(name string) *host { return w.byName[name] }

// controller returns the domain controller a host talks to, another one for
// a controller itself.
func (w *world) controller(h *host) *host {
	if h.name == "HA-DC01" || h.machine%3 == 0 && h.name != "HA-DC02" {
		return w.byName["HA-DC02"]
	}
	return w.byName["HA-DC01"]
}

// nextPort returns an ephemeral source port; they are used in turn.
func (h *host) nextPort() uint16 {
	h.port += uint16(1 + h.d.IntN(3))
	if h.port < 49152 {
		h.port = 49152 + h.port%16
	}
	return h.port
}

// nextLUID returns a logon identifier, ascending since boot.
func (h *host) nextLUID() uint64 {
	h.luid += uint64(h.d.between(0x200, 0x9f00))
	return h.luid
}

// pid takes a free process number. Numbers of exited processes come back.
func (h *host) pid() uint32 {
	for {
		n := uint32(4 * h.d.between(250, 3200))
		if !h.pids[n] {
			h.pids[n] = true
			return n
		}
	}
}
