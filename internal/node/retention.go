package node

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/retention"
)

// KeepDocument checks a document about retention against those before it and
// writes it to the journal, under a checkpoint. It returns the identifier of
// its record.
func (n *Node) KeepDocument(ctx context.Context, operation, caller string, doc []byte) (event.ID, error) {
	reg, err := n.Retention(ctx)
	if err != nil {
		return event.ID{}, err
	}
	if err := reg.Check(doc); err != nil {
		return event.ID{}, fmt.Errorf("keep %s: %w", operation, err)
	}
	return n.keepDocument(ctx, operation, caller, doc)
}

func (n *Node) keepDocument(ctx context.Context, operation, caller string, doc []byte) (event.ID, error) {
	now := time.Now().UTC()
	raw, err := json.Marshal(auditRecord{
		Time: now, Product: "evident", Service: "audit",
		Operation: operation, Caller: caller, Detail: string(doc),
	})
	if err != nil {
		return event.ID{}, fmt.Errorf("keep %s: %w", operation, err)
	}
	if len(raw) > event.MaxRecordBytes {
		return event.ID{}, fmt.Errorf("keep %s: it has %d bytes, a record has at most %d",
			operation, len(raw), event.MaxRecordBytes)
	}
	return n.Keep(ctx, RetentionSource, raw)
}

// Retention reads what the documents in the store say. Everything that arrived
// is sealed first.
func (n *Node) Retention(ctx context.Context) (*retention.Register, error) {
	if n.pipe != nil {
		if err := n.Settle(ctx); err != nil {
			return nil, err
		}
	}
	defer n.lake.Pin()()
	reg := &retention.Register{}
	for _, file := range n.lake.Files() {
		entries, err := n.ownEntries(ctx, file)
		if err != nil {
			return nil, fmt.Errorf("look for documents: %w", err)
		}
		for _, seq := range entries {
			e, err := n.lake.Entry(ctx, seq)
			if err != nil {
				return nil, fmt.Errorf("read document: %w", err)
			}
			if e.Source != RetentionSource {
				continue
			}
			var act auditRecord
			if err := json.Unmarshal(e.Records[0].Raw, &act); err == nil {
				reg.Add(seq, []byte(act.Detail))
			}
		}
	}
	return reg, nil
}

// ownEntries returns the entries of a file that say they are Evident's own.
func (n *Node) ownEntries(ctx context.Context, file lake.File) (out []uint64, err error) {
	scan, err := n.lake.OpenScan(file)
	if err != nil {
		return nil, err
	}
	defer scan.Close()
	for g := range scan.Groups() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rows, err := scan.Rows(g)
		if err != nil {
			return nil, err
		}
		products, err := scan.Load(g, rows, lake.ColProduct)
		if err != nil {
			return nil, err
		}
		for i, place := range products.Index {
			if products.Values[place] == retention.OwnProduct {
				out = append(out, uint64(rows.Entry[i]))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// Survey is a dry run: what would go, and why the rest stays.
type Survey struct {
	AsOf   time.Time       `json:"as_of"`
	Plan   *retention.Plan `json:"-"`
	Due    int64           `json:"due"` // records
	Groups []SurveyGroup   `json:"groups"`
}

// SurveyGroup is the records of one arrival day and class with one fate.
type SurveyGroup struct {
	Day     string `json:"day"`
	Class   uint32 `json:"class_uid"`
	Product string `json:"product,omitempty"`
	Due     bool   `json:"due"`
	Why     string `json:"why"` // "due under S", or why it stays
	Records int64  `json:"records"`
}

// surveyor works out a Survey, file by file.
type surveyor struct {
	now    time.Time
	policy *retention.Policy
	holds  []retention.Hold
	groups map[SurveyGroup]int64
	sets   map[string]*retention.Set
	counts map[string]int64
}

// Survey says for every sealed record whether it may go as of a time.
func (n *Node) Survey(ctx context.Context, asOf time.Time) (*Survey, error) {
	reg, err := n.Retention(ctx)
	if err != nil {
		return nil, err
	}
	if reg.Policy == nil {
		return nil, errors.New("survey records: there is no policy; see evident retention policy")
	}
	s := &surveyor{
		now: asOf, policy: reg.Policy, holds: reg.Holds, groups: map[SurveyGroup]int64{},
		sets: map[string]*retention.Set{}, counts: map[string]int64{},
	}
	defer n.lake.Pin()()
	for _, file := range n.lake.Files() {
		if err := s.file(ctx, n.lake, file); err != nil {
			return nil, fmt.Errorf("survey records: %w", err)
		}
	}
	out := &Survey{AsOf: asOf, Plan: &retention.Plan{Policy: reg.Policy.SHA256, Holds: reg.HoldIDs()}}
	for i := range reg.Policy.Schedules {
		id := reg.Policy.Schedules[i].ID
		if set := s.sets[id]; set != nil {
			out.Plan.Items = append(out.Plan.Items,
				retention.Item{Schedule: id, Count: s.counts[id], Records: set.String()})
			out.Due += s.counts[id]
		}
	}
	for g, count := range s.groups {
		g.Records = count
		out.Groups = append(out.Groups, g)
	}
	slices.SortFunc(out.Groups, func(a, b SurveyGroup) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Class, b.Class),
			cmp.Compare(a.Product, b.Product), cmp.Compare(a.Why, b.Why))
	})
	return out, nil
}

// dueRecord is one record that may go.
type dueRecord struct {
	id       event.ID
	schedule string
}

func (s *surveyor) file(ctx context.Context, table *lake.Table, file lake.File) error {
	scan, err := table.OpenScan(file)
	if err != nil {
		return err
	}
	defer scan.Close()
	var due []dueRecord
	records := map[uint64]int{} // by entry
	for g := range scan.Groups() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if due, err = s.group(scan, g, records, due); err != nil {
			return err
		}
	}
	slices.SortFunc(due, func(a, b dueRecord) int {
		return cmp.Or(cmp.Compare(a.schedule, b.schedule), cmp.Compare(a.id.Entry, b.id.Entry),
			cmp.Compare(a.id.Leaf, b.id.Leaf))
	})
	for from, to := 0, 0; from < len(due); from = to {
		first := due[from]
		var leaves []uint32
		for to = from; to < len(due) && due[to].schedule == first.schedule &&
			due[to].id.Entry == first.id.Entry; to++ {
			leaves = append(leaves, due[to].id.Leaf)
		}
		if s.sets[first.schedule] == nil {
			s.sets[first.schedule] = &retention.Set{}
		}
		s.sets[first.schedule].Add(first.id.Entry, leaves, len(leaves) == records[first.id.Entry])
		s.counts[first.schedule] += int64(len(leaves))
	}
	return nil
}

func (s *surveyor) group(scan *lake.Scan, g int, records map[uint64]int, due []dueRecord,
) ([]dueRecord, error) {
	rows, err := scan.Rows(g)
	if err != nil {
		return nil, err
	}
	class, err := scan.Longs(g, lake.ColClass)
	if err != nil {
		return nil, err
	}
	received, err := scan.Longs(g, lake.ColReceived)
	if err != nil {
		return nil, err
	}
	products, err := scan.Load(g, rows, lake.ColProduct)
	if err != nil {
		return nil, err
	}
	hosts, err := scan.Load(g, rows, event.AttrHost.String())
	if err != nil {
		return nil, err
	}
	for i := range rows.Entry {
		id := event.ID{Entry: uint64(rows.Entry[i]), Leaf: uint32(rows.Leaf[i])}
		records[id.Entry]++
		sub := retention.Subject{
			Entry: id.Entry, Class: uint32(class[i]), Product: products.Values[products.Index[i]],
			Host: hosts.Values[hosts.Index[i]], Time: time.UnixMicro(rows.Time[i]),
			Received: time.UnixMicro(received[i]),
		}
		v := s.policy.Judge(sub, s.holds, s.now)
		group := SurveyGroup{
			Day: sub.Received.UTC().Format(time.DateOnly), Class: sub.Class, Product: sub.Product,
			Due: v.Due, Why: v.Why,
		}
		if v.Due {
			group.Why = "due under " + v.Schedule
			due = append(due, dueRecord{id, v.Schedule})
		}
		s.groups[group]++
	}
	return due, nil
}

// Destroy destroys what an approved plan lists: the tombstone is sealed first,
// then columns, bytes and salts go, and what was derived from them. It refuses
// records that are not due, or held, now. Interrupted, it is simply run again.
func (n *Node) Destroy(ctx context.Context, caller string, approved []byte, now time.Time,
) (*retention.Grave, error) {
	reg, err := n.Retention(ctx)
	if err != nil {
		return nil, err
	}
	grave := begun(reg, approved)
	if grave == nil {
		if grave, err = n.bury(ctx, reg, caller, approved, now); err != nil {
			return nil, err
		}
	}
	for _, file := range n.lake.Files() {
		if !grave.Touches(file.FirstEntry, file.LastEntry) {
			continue
		}
		if err := n.eraseFrom(ctx, file, grave); err != nil {
			return nil, err
		}
	}
	hosts, err := n.hostsLeft(ctx)
	if err != nil {
		return nil, err
	}
	if err := n.state.Forget(ctx, grave.Covers, hosts); err != nil {
		return nil, err
	}
	return grave, nil
}

// hostsLeft returns the hosts that the lake has events of.
func (n *Node) hostsLeft(ctx context.Context) (map[string]bool, error) {
	hosts := map[string]bool{}
	for _, file := range n.lake.Files() {
		scan, err := n.lake.OpenScan(file)
		if err != nil {
			return nil, fmt.Errorf("list hosts: %w", err)
		}
		for g := range scan.Groups() {
			var texts *lake.Texts
			rows, err := scan.Rows(g)
			if err == nil {
				texts, err = scan.Load(g, rows, event.AttrHost.String())
			}
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				scan.Close()
				return nil, fmt.Errorf("list hosts: %w", err)
			}
			for _, host := range texts.Values {
				hosts[host] = true
			}
		}
		scan.Close()
	}
	return hosts, nil
}

// begun returns the tombstone that was written for the plan already.
func begun(reg *retention.Register, approved []byte) *retention.Grave {
	for _, g := range reg.Graves() {
		if g.Approved == string(approved) {
			return g
		}
	}
	return nil
}

// bury checks the plan once more and seals its tombstone.
func (n *Node) bury(ctx context.Context, reg *retention.Register, caller string, approved []byte,
	now time.Time,
) (*retention.Grave, error) {
	grave, err := reg.Approved(approved)
	if err != nil {
		return nil, fmt.Errorf("destroy records: %w", err)
	}
	survey, err := n.Survey(ctx, now)
	if err != nil {
		return nil, err
	}
	if err := grave.Within(survey.Plan); err != nil {
		return nil, fmt.Errorf("destroy records: %w", err)
	}
	d := retention.Document{
		Time: now.UTC(), Tombstone: &retention.Tombstone{Approved: string(approved), By: caller},
	}
	text, err := d.Text()
	if err != nil {
		return nil, err
	}
	id, err := n.keepDocument(ctx, "destroy", caller, []byte(text))
	if err != nil {
		return nil, err
	}
	if reg, err = n.Retention(ctx); err != nil {
		return nil, err
	}
	if grave = reg.Grave(id.Entry); grave == nil {
		return nil, fmt.Errorf("destroy records: tombstone %s does not count: %v", id, reg.Faults())
	}
	return grave, nil
}

// eraseFrom takes the grave's records out of one file, unless that was done.
func (n *Node) eraseFrom(ctx context.Context, file lake.File, grave *retention.Grave) error {
	left := false
	for e, err := range n.lake.Entries(ctx, file) {
		if err != nil {
			return fmt.Errorf("destroy records: %w", err)
		}
		for i := range e.Records {
			left = left || e.Records[i].Erased == nil &&
				grave.Covers(event.ID{Entry: e.Seq, Leaf: uint32(i)})
		}
	}
	if !left {
		return nil
	}
	check := func(e *event.Entry) error { return n.asSealed(ctx, e) }
	_, err := n.lake.Erase(ctx, file, check, func(id event.ID) uint64 {
		if grave.Covers(id) {
			return grave.Entry
		}
		return 0
	})
	return err
}

// DestroyedError says that a record is gone by right.
type DestroyedError struct {
	ID   event.ID
	Text string // when, under what, by whom
}

// Error implements error.
func (e *DestroyedError) Error() string { return "event " + e.ID.String() + ": " + e.Text }

// Unwrap makes it an ErrNoEvent.
func (e *DestroyedError) Unwrap() error { return ErrNoEvent }

// fate says what became of an erased record.
func (n *Node) fate(ctx context.Context, id event.ID, tombstone uint64) error {
	reg, err := n.Retention(ctx)
	if err != nil {
		return err
	}
	if g := reg.Grave(tombstone); g != nil {
		if text, ok := g.Lawfully(id); ok {
			return &DestroyedError{id, text}
		}
	}
	return fmt.Errorf("read event %s: it was destroyed, and entry %d is no valid tombstone for it: %w",
		id, tombstone, ErrNoEvent)
}
