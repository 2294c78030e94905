package retention

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/evident-sec/evident/internal/yamltree"
)

// Policy is a file of schedules and of who may approve.
type Policy struct {
	Approvers []Approver
	Schedules []Schedule
	SHA256    string // of the file, hex
}

// Approver is a person or role that may sign.
type Approver struct {
	Name string
	Key  note.Verifier // its name is Name
}

// Schedule says how long some records are kept.
type Schedule struct {
	ID        string   // e.g. "GRS-3.2-036"
	Title     string   //
	Authority string   // the rule it comes from
	Classes   []uint32 // OCSF class_uid; none: all
	Products  []string // Sigma log source products; none: all
	Keep      Term
}

// Term is a length of time as calendars count it.
type Term struct{ Years, Months, Days int }

// After returns the end of the term that begins at the time.
func (t Term) After(at time.Time) time.Time { return at.AddDate(t.Years, t.Months, t.Days) }

// ParseTerm reads "30d", "18mo" or "7y".
func ParseTerm(s string) (Term, error) {
	for _, unit := range []struct {
		suffix string
		most   int
		term   func(int) Term
	}{
		{"mo", 1200, func(n int) Term { return Term{Months: n} }},
		{"d", 36500, func(n int) Term { return Term{Days: n} }},
		{"y", 100, func(n int) Term { return Term{Years: n} }},
	} {
		number, ok := strings.CutSuffix(s, unit.suffix)
		if !ok {
			continue
		}
		n, err := strconv.Atoi(number)
		if err != nil || n < 0 || n > unit.most {
			break
		}
		return unit.term(n), nil
	}
	return Term{}, fmt.Errorf("term %q: want a number with d, mo or y, e.g. 30mo", s)
}

// Parse reads a policy. Errors name the line.
func Parse(src []byte) (*Policy, error) {
	docs, err := yamltree.Parse(src)
	if err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	if len(docs) != 1 || docs[0].Kind != yamltree.Map {
		return nil, fmt.Errorf("read policy: want one map with approvers and schedules")
	}
	sum := sha256.Sum256(src)
	p := &Policy{SHA256: hex.EncodeToString(sum[:])}
	if err := p.read(docs[0]); err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	return p, nil
}

func (p *Policy) read(doc *yamltree.Node) error {
	if err := onlyKeys(doc, "approvers", "schedules"); err != nil {
		return err
	}
	for _, n := range items(doc.Get("approvers")) {
		a, err := readApprover(n)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(p.Approvers, func(b Approver) bool { return a.Name == b.Name }) {
			return yamltree.Errorf(n.Line, "approver %s is there twice", a.Name)
		}
		p.Approvers = append(p.Approvers, a)
	}
	if len(p.Approvers) < 2 {
		return yamltree.Errorf(doc.Line, "want at least two approvers")
	}
	for _, n := range items(doc.Get("schedules")) {
		s, err := readSchedule(n)
		if err != nil {
			return err
		}
		if p.schedule(s.ID) != nil {
			return yamltree.Errorf(n.Line, "schedule %s is there twice", s.ID)
		}
		p.Schedules = append(p.Schedules, s)
	}
	return nil
}

func items(n *yamltree.Node) []*yamltree.Node {
	if n == nil {
		return nil
	}
	return n.Items
}

func readApprover(n *yamltree.Node) (Approver, error) {
	if err := onlyKeys(n, "name", "key"); err != nil {
		return Approver{}, err
	}
	a := Approver{Name: n.Str("name")}
	key, err := note.NewVerifier(n.Str("key"))
	if err != nil {
		return a, yamltree.Errorf(n.Line, "key of approver %s: %v", a.Name, err)
	}
	if key.Name() != a.Name {
		return a, yamltree.Errorf(n.Line, "the key of approver %s is in the name of %s",
			a.Name, key.Name())
	}
	a.Key = key
	return a, nil
}

func readSchedule(n *yamltree.Node) (Schedule, error) {
	if err := onlyKeys(n, "id", "title", "authority", "classes", "products", "keep"); err != nil {
		return Schedule{}, err
	}
	s := Schedule{
		ID: n.Str("id"), Title: n.Str("title"), Authority: n.Str("authority"),
		Products: n.Strs("products"),
	}
	if s.ID == "" || strings.ContainsAny(s.ID, " \t\n") {
		return s, yamltree.Errorf(n.Line, "schedule needs an id without spaces")
	}
	for _, text := range n.Strs("classes") {
		uid, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return s, yamltree.Errorf(n.Line, "class %q of schedule %s is no OCSF class_uid", text, s.ID)
		}
		s.Classes = append(s.Classes, uint32(uid))
	}
	var err error
	if s.Keep, err = ParseTerm(n.Str("keep")); err != nil {
		return s, yamltree.Errorf(n.Line, "schedule %s: %v", s.ID, err)
	}
	return s, nil
}

// onlyKeys refuses keys that nobody reads: a misspelt one would keep records
// for too long or destroy them too early.
func onlyKeys(n *yamltree.Node, known ...string) error {
	if n.Kind != yamltree.Map {
		return yamltree.Errorf(n.Line, "want a map with %s", strings.Join(known, ", "))
	}
	for _, e := range n.Entries {
		if !slices.Contains(known, e.Key) {
			return yamltree.Errorf(e.Line, "key %q is not known; want %s", e.Key,
				strings.Join(known, ", "))
		}
	}
	return nil
}

func (p *Policy) schedule(id string) *Schedule {
	for i := range p.Schedules {
		if p.Schedules[i].ID == id {
			return &p.Schedules[i]
		}
	}
	return nil
}

// Verifiers are the keys of the approvers.
func (p *Policy) Verifiers() note.Verifiers {
	list := make([]note.Verifier, len(p.Approvers))
	for i, a := range p.Approvers {
		list[i] = a.Key
	}
	return note.VerifierList(list...)
}
