package disposal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/retention"
)

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
func (k *Keeper) Survey(ctx context.Context, asOf time.Time) (*Survey, error) {
	reg, err := k.Register(ctx)
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
	defer k.Lake.Pin()()
	for _, file := range k.Lake.Files() {
		if err := s.file(ctx, k.Lake, file); err != nil {
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
