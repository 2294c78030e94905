package simulate

import (
	"fmt"
	"strings"
	"time"
)

// Names of the organisation. All are invented.
const (
	dnsDomain  = "harbor.example"
	netbios    = "HARBOR"
	realm      = "HARBOR.EXAMPLE"
	domainSID  = "S-1-5-21-1843927741-2209184630-3350194072"
	cityAtHome = "Port Verity"
)

// account is anything that can log on.
type account struct {
	name   string // sam account name
	domain string
	sid    string
	admin  bool // member of local Administrators where it logs on
}

var (
	systemAccount  = &account{name: "SYSTEM", domain: "NT AUTHORITY", sid: "S-1-5-18"}
	localService   = &account{name: "LOCAL SERVICE", domain: "NT AUTHORITY", sid: "S-1-5-19"}
	networkService = &account{name: "NETWORK SERVICE", domain: "NT AUTHORITY", sid: "S-1-5-20"}
)

// user returns the account as Sysmon prints it.
func (a *account) user() string { return a.domain + `\` + a.name }

// department is a unit with its habits.
type department struct {
	name   string
	share  int     // of 60 people
	title  string  // most common title
	app    string  // line-of-business program, a key of programs
	folder string  // on the file server's share "Departments"
	shift  bool    // works early or late shifts on shared workstations
	habits []habit // what the working day consists of
}

// person is one member of staff.
type person struct {
	first, last string
	account     *account
	admin       *account // second account for administration, IT only
	dept        *department
	host        *host
	id          string        // object identifier in the identity provider
	start, stop time.Duration // usual working hours, since midnight
	pace        float64       // of activities, 1 is usual
	sites       []site
	phone       *phone
	d           dice
	away        map[int]bool // days off

	s      *session   // desktop session, nil when logged off
	open   []*process // programs left open in it
	remote string     // public address of the home connection
}

func (p *person) upn() string     { return p.account.name + "@" + dnsDomain }
func (p *person) display() string { return p.first + " " + p.last }
func (p *person) profile() string { return `C:\Users\` + p.account.name }
func (p *person) appData() string { return p.profile() + `\AppData` }

var firstNames = strings.Fields(`Odalys Bram Isra Teodor Wren Calla Joss Mirela Anders Nuria
	Petra Emeka Liora Stig Paloma Rurik Senna Dag Yuki Tamsin Corin Ilse Marek Zora Fenna
	Idris Aoife Lars Renata Kofi Maite Sorin Edda Hale Nils Vesna Ravi Greer Tove Amadou`)

var lastNames = strings.Fields(`Renquist Osterval Marlowen Dravik Quillfeather Sandhaven Torvik
	Bellacourt Wexmoor Halvren Okonedis Pellwyn Straithe Varngold Lindquay Hasketh Moorwick
	Fenwarden Calderast Ivensund Tarlowe Brackwell Serrandon Elderkop Nightsail Ravensholt
	Copperlane Dunmarch Ashgrovan Keelhart Windlass Harrowick Sternfield Gullane Moorings`)

// hire makes the people, the service accounts and the departments' members.
func (w *world) hire() {
	d := w.dice("people")
	taken := map[string]bool{}
	for i := range w.cfg.Users {
		p := &person{dept: departmentOf(i, w.cfg.Users), away: map[int]bool{}}
		p.first, p.last = uniqueName(d, taken)
		login := strings.ToLower(p.first[:1] + p.last)
		for n := 2; w.accounts[login] != nil; n++ {
			login = strings.ToLower(p.first[:1]+p.last) + decimal(n)
		}
		p.account = w.account(login)
		p.d = w.dice("person/" + login)
		p.id = guid(p.d)
		p.chooseSites()
		p.remote = "203.0.113." + decimal(20+i%230)
		p.hours()
		if p.dept.name == "Information Technology" {
			p.admin = w.account("adm-" + login)
			p.admin.admin = true
		}
		w.people = append(w.people, p)
	}
	for _, name := range []string{"svc-backup", "svc-deploy", "svc-scan", "svc-vetting"} {
		w.account(name).admin = name != "svc-vetting"
	}
}

func (w *world) account(name string) *account {
	w.rids++
	a := &account{name: name, domain: netbios, sid: fmt.Sprintf("%s-%d", domainSID, w.rids)}
	w.accounts[name] = a
	return a
}

// departmentOf spreads people so that any organisation has every department.
func departmentOf(i, total int) *department {
	seat := i * 60 / total
	for n := range departments {
		if seat -= departments[n].share; seat < 0 {
			return &departments[n]
		}
	}
	return &departments[0]
}

func uniqueName(d dice, taken map[string]bool) (first, last string) {
	for n := 0; ; n++ {
		first, last = pick(d, firstNames), pick(d, lastNames)
		if n > 200 {
			last += pick(d, []string{"a", "en", "is", "or", "e", "y"}) + pick(d, []string{"", "n", "d"})
		}
		if !taken[first+last] {
			taken[first+last] = true
			return first, last
		}
	}
}

// hours draws the usual working day.
func (p *person) hours() {
	p.pace = 0.7 + 0.6*p.d.Float64()
	p.start = 7*time.Hour + 20*time.Minute + p.d.span(0, 110*time.Minute)
	p.stop = p.start + 8*time.Hour + p.d.span(0, 75*time.Minute)
}

// member returns the nth person of a department, wrapping around.
func (w *world) member(dept string, n int) *person {
	var found []*person
	for _, p := range w.people {
		if p.dept.name == dept {
			found = append(found, p)
		}
	}
	return found[n%len(found)]
}

// guid returns a random identifier in the usual notation without braces.
func guid(d dice) string {
	a, b := d.Uint64(), d.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x",
		uint32(a>>32), uint16(a>>16), a&0xfff, b>>48&0x3fff|0x8000, b&0xffffffffffff)
}
