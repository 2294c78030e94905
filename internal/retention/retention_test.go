package retention

import (
	"crypto/rand"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
)

// people makes keys and a policy that names their owners.
func people(t testing.TB, schedules string, names ...string) (map[string]note.Signer, string) {
	t.Helper()
	signers := map[string]note.Signer{}
	text := "approvers:\n"
	for _, name := range names {
		private, public, err := note.GenerateKey(rand.Reader, name)
		if err != nil {
			t.Fatal(err)
		}
		if signers[name], err = note.NewSigner(private); err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprintf("  - name: %s\n    key: %s\n", name, public)
	}
	return signers, text + schedules
}

const twoSchedules = `schedules:
  - id: SHORT
    keep: 30d
    products: [linux, windows]
  - id: LONG
    authority: item 036
    keep: 18mo
    classes: [3002, 1007]
`

func day(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 12, 0, 0, 0, time.UTC) }

func TestJudge(t *testing.T) {
	_, text := people(t, twoSchedules, "a", "b")
	p, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	hold := []Hold{{ID: "H1", Scope: Scope{
		Hosts: []string{"WS-1"}, From: day(2026, 1, 1), To: day(2026, 2, 1),
	}}}
	arrived := day(2026, 1, 15)
	for name, c := range map[string]struct {
		s    Subject
		hold []Hold
		now  time.Time
		want string
	}{
		"short term over":     {Subject{Class: 1, Product: "linux"}, nil, day(2026, 2, 14), "due SHORT"},
		"short term not over": {Subject{Class: 1, Product: "linux"}, nil, day(2026, 2, 13), "kept until 2026-02-14 under SHORT"},
		"longest wins":        {Subject{Class: 3002, Product: "windows"}, nil, day(2026, 6, 1), "kept until 2027-07-15 under LONG"},
		"longest is over":     {Subject{Class: 3002, Product: "windows"}, nil, day(2027, 7, 15), "due LONG"},
		"nobody covers it":    {Subject{Class: 5, Product: "zeek"}, nil, day(2036, 1, 1), "no schedule covers it"},
		"hold wins":           {Subject{Class: 1, Product: "linux", Host: "ws-1"}, hold, day(2036, 1, 1), "hold H1"},
		"hold by full name":   {Subject{Class: 1, Product: "linux", Host: "ws-1.example"}, hold, day(2036, 1, 1), "hold H1"},
		"hold on others":      {Subject{Class: 1, Product: "linux", Host: "ws-2"}, hold, day(2036, 1, 1), "due SHORT"},
		"host not known":      {Subject{Class: 1, Product: "linux"}, hold, day(2036, 1, 1), "hold H1"},
		"held by event time":  {Subject{Class: 1, Product: "linux", Host: "ws-1", Time: arrived, Received: day(2026, 3, 1)}, hold, day(2036, 1, 1), "hold H1"},
		"own records":         {Subject{Class: 6003, Product: "evident"}, nil, day(2036, 1, 1), "a record of what was done with records"},
	} {
		if c.s.Received.IsZero() {
			c.s.Received = arrived
		}
		v := p.Judge(c.s, c.hold, c.now)
		got := v.Why
		if v.Due {
			got = "due " + v.Schedule
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestJudgeNeverEarly compares with the plain reading: no obligation that
// covers a record is shorter than what it was given.
func TestJudgeNeverEarly(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := &Policy{}
		products := []string{"linux", "windows", "zeek"}
		for i := range rapid.IntRange(0, 4).Draw(r, "schedules") {
			s := Schedule{ID: fmt.Sprint("S", i), Keep: Term{Days: rapid.IntRange(0, 50).Draw(r, "days")}}
			s.Products = rapid.SliceOfNDistinct(rapid.SampledFrom(products), 0, 2, rapid.ID).Draw(r, "products")
			s.Classes = rapid.SliceOfN(rapid.Uint32Range(1, 3), 0, 2).Draw(r, "classes")
			p.Schedules = append(p.Schedules, s)
		}
		s := Subject{
			Class: rapid.Uint32Range(1, 3).Draw(r, "class"), Product: rapid.SampledFrom(products).Draw(r, "product"),
			Received: day(2026, 1, 1),
		}
		now := s.Received.AddDate(0, 0, rapid.IntRange(0, 60).Draw(r, "age"))
		due := false
		for _, sch := range p.Schedules {
			applies := (len(sch.Classes) == 0 || slices.Contains(sch.Classes, s.Class)) &&
				(len(sch.Products) == 0 || slices.Contains(sch.Products, s.Product))
			if applies && now.Before(s.Received.AddDate(0, 0, sch.Keep.Days)) {
				due = false
				break
			}
			due = due || applies
		}
		if got := p.Judge(s, nil, now); got.Due != due {
			r.Fatalf("due %v, want %v: %+v", got.Due, due, got)
		}
		if p.Judge(s, []Hold{{ID: "all"}}, now).Due {
			r.Fatal("destroyed under a hold")
		}
		if due && s.Received.After(p.Shortest(now)) {
			r.Fatal("Shortest leaves out a record that is due")
		}
	})
}

func TestSet(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var s Set
		want := map[event.ID]bool{}
		entry := uint64(0)
		for range rapid.IntRange(0, 8).Draw(r, "entries") {
			entry += rapid.Uint64Range(1, 2).Draw(r, "step")
			leaves := rapid.SliceOfNDistinct(rapid.Uint32Range(0, 6), 1, 5, rapid.ID).Draw(r, "leaves")
			slices.Sort(leaves)
			whole := rapid.Bool().Draw(r, "whole")
			if whole {
				leaves = []uint32{0, 1, 2, 3, 4, 5, 6}
			}
			s.Add(entry, leaves, whole)
			for _, leaf := range leaves {
				want[event.ID{Entry: entry, Leaf: leaf}] = true
			}
		}
		read, err := ParseSet(s.String())
		if err != nil || read.String() != s.String() {
			r.Fatalf("%q: %v", s.String(), err)
		}
		for e := range entry + 2 {
			touched := false
			for leaf := range uint32(7) {
				id := event.ID{Entry: e, Leaf: leaf}
				touched = touched || want[id]
				if read.Has(id) != want[id] {
					r.Fatalf("%q: has %s is %v", s.String(), id, !want[id])
				}
			}
			if read.Touches(e, e) != touched {
				r.Fatalf("%q touches %d is %v", s.String(), e, !touched)
			}
		}
	})
}

func FuzzParseSet(f *testing.F) {
	for _, s := range []string{"", "1", "1-3 5:0-3,7", "5:0", "3 2", "1:-", "9223372036854775807:1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := ParseSet(text); err == nil && s.String() != text {
			t.Errorf("%q is read as %q", text, s.String())
		}
	})
}

func FuzzParsePolicy(f *testing.F) {
	_, text := people(f, twoSchedules, "a", "b")
	f.Add([]byte(text))
	f.Fuzz(func(t *testing.T, src []byte) {
		if p, err := Parse(src); err == nil && len(p.Approvers) < 2 {
			t.Error("a policy with fewer than two approvers")
		}
	})
}

// story replays documents and keeps what it needs to sign them.
type story struct {
	*testing.T
	signers map[string]note.Signer
	reg     Register
	entry   uint64
}

func (s *story) signed(d Document, names ...string) []byte {
	s.Helper()
	d.Time = day(2026, 11, 22)
	text, err := d.Text()
	if err != nil {
		s.Fatal(err)
	}
	out := []byte(text)
	for _, name := range names {
		var known []note.Verifier
		if s.reg.Policy != nil {
			for _, a := range s.reg.Policy.Approvers {
				known = append(known, a.Key)
			}
		}
		if len(known) == 0 {
			p, err := Parse([]byte(*d.Policy))
			if err != nil {
				s.Fatal(err)
			}
			for _, a := range p.Approvers {
				known = append(known, a.Key)
			}
		}
		if out, err = Sign(out, s.signers[name], note.VerifierList(known...)); err != nil {
			s.Fatal(err)
		}
	}
	return out
}

// add adds a document and returns what is wrong with it.
func (s *story) add(doc []byte) string {
	s.entry++
	before := len(s.reg.Faults())
	s.reg.Add(s.entry, doc)
	if len(s.reg.Faults()) > before {
		return s.reg.Faults()[before].Err.Error()
	}
	return ""
}

func (s *story) plan(names ...string) []byte {
	return s.signed(Document{Plan: &Plan{
		Policy: s.reg.Policy.SHA256, Holds: s.reg.HoldIDs(),
		Items: []Item{{Schedule: "LONG", Count: 4, Records: "3 5:1-2,4"}},
	}}, names...)
}

func (s *story) bury(plan []byte) string {
	d := Document{Time: day(2026, 11, 23), Tombstone: &Tombstone{Approved: string(plan), By: "uid-1"}}
	text, err := d.Text()
	if err != nil {
		s.Fatal(err)
	}
	return s.add([]byte(text))
}

func TestRegister(t *testing.T) {
	s := &story{T: t}
	signers, text := people(t, twoSchedules, "counsel", "records")
	strangers, other := people(t, twoSchedules, "counsel", "mallory")
	s.signers = signers
	expect := func(what, got, want string) {
		t.Helper()
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	hold := Document{Hold: &Hold{ID: "H1", Reason: "litigation"}}
	expect("hold before a policy", s.add([]byte(header+"\n{\"time\":\"2026-11-22T12:00:00Z\",\"hold\":{}}\n\n— a b\n")), "no policy")
	expect("one signature", s.add(s.signed(Document{Policy: &text}, "counsel")), "counsel alone")
	expect("policy", s.add(s.signed(Document{Policy: &text}, "counsel", "records")), "")

	early := s.plan("counsel", "records")
	expect("hold by one", s.add(s.signed(hold, "counsel")), "")
	expect("the same hold", s.add(s.signed(hold, "counsel")), "in force already")
	expect("plan made before the hold", s.bury(early), "in force are [H1]")
	expect("release by one", s.add(s.signed(Document{Release: &Release{ID: "H1"}}, "records")), "records alone")
	expect("release by two", s.add(s.signed(Document{Release: &Release{ID: "H1"}}, "records", "counsel")), "")
	expect("nothing to release", s.add(s.signed(Document{Release: &Release{ID: "H1"}}, "records", "counsel")), "not in force")

	expect("unsigned plan", s.bury([]byte("evident.retention/v1\n{}\n")), "check signatures")
	expect("plan by one", s.bury(s.plan("records")), "records alone")
	s.signers = strangers
	strange := Register{Policy: mustParse(t, other)}
	forged := s.signedBy(strange.Policy, early, "mallory", "counsel")
	expect("plan by strangers", s.bury(forged), "check signatures")
	s.signers = signers
	expect("altered plan", s.bury([]byte(strings.Replace(string(early), "5:1-2,4", "5:1-2,5", 1))), "check signatures")
	expect("plan by two", s.bury(early), "")

	g := s.reg.Grave(s.entry)
	text3, ok := g.Lawfully(event.ID{Entry: 5, Leaf: 4})
	if want := fmt.Sprintf("lawfully destroyed on 2026-11-23 under LONG (item 036), approved by "+
		"counsel and records, tombstone %d-0", s.entry); !ok || text3 != want {
		t.Errorf("%q, want %q", text3, want)
	}
	if _, ok := g.Lawfully(event.ID{Entry: 5, Leaf: 3}); ok {
		t.Error("the tombstone covers a record that was not in the plan")
	}
	s.signers = strangers
	expect("policy of strangers", s.add(s.signedBy(strange.Policy, []byte(policyText(t, other)), "mallory", "counsel")), "check signatures")
}

// signedBy signs text with keys of another policy than the one in force.
func (s *story) signedBy(p *Policy, doc []byte, names ...string) []byte {
	s.Helper()
	text, _, _ := strings.Cut(string(doc), "\n\n— ")
	out := []byte(strings.TrimSuffix(text, "\n") + "\n")
	for _, name := range names {
		var err error
		if out, err = Sign(out, s.signers[name], p.Verifiers()); err != nil {
			s.Fatal(err)
		}
	}
	return out
}

func policyText(t *testing.T, policy string) string {
	t.Helper()
	d := Document{Time: day(2026, 11, 22), Policy: &policy}
	text, err := d.Text()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func mustParse(t *testing.T, text string) *Policy {
	t.Helper()
	p, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestBadPolicy reads testdata/bad.txt: blocks of a policy, a line ----, and
// what the error has to say.
func TestBadPolicy(t *testing.T) {
	body, err := os.ReadFile("testdata/bad.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, good := people(t, "", "a", "b")
	for i, block := range strings.Split(string(body), "\n====\n") {
		src, want, ok := strings.Cut(block, "\n----\n")
		if !ok {
			t.Fatalf("block %d has no ----", i)
		}
		_, err := Parse([]byte(strings.Replace(src, "APPROVERS\n", good, 1)))
		if err == nil || !strings.Contains(err.Error(), strings.TrimSpace(want)) {
			t.Errorf("block %d: %v, want %s", i, err, want)
		}
	}
}
