package edgelake

import (
	"context"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal/edge"
	"github.com/evident-sec/evident/internal/lake"
)

// RecordOf reads an event as the lake's columns give it back: text is valid
// UTF-8, whole numbers are decimal, times are whole microseconds, an audit
// record is told by its log source. Edges are appended to room, which may be nil.
func RecordOf(ev *event.Event, room []edge.Edge) edge.Record {
	asColumns := event.Event{
		ID: ev.ID, Time: time.UnixMicro(ev.Time.UnixMicro()).UTC(), Class: ev.Class,
		Activity: ev.Activity, Attrs: ev.Attrs,
	}
	if ev.Service == auditService {
		asColumns.Format = event.FormatAuditd
	}
	copied := false
	for i := range ev.Attrs {
		text := columnText(ev.Attrs[i])
		if text == ev.Attrs[i].Text {
			continue
		}
		if !copied {
			asColumns.Attrs, copied = append(event.Attributes{}, ev.Attrs...), true
		}
		asColumns.Attrs[i].Text = text
	}
	return edge.RecordOf(&asColumns, room)
}

// auditService is the log source of audit records, see mappings/linux.yaml.
const auditService = "auditd"

// whole says which attributes are whole numbers.
var whole = func() (is [event.NumAttrs]bool) {
	for i, a := range event.Dictionary() {
		is[i] = a.Type == event.TypeInt
	}
	return is
}()

// columnText returns what a column gives back of an attribute.
func columnText(a event.AttrValue) string {
	if !whole[a.Attr] {
		if utf8.ValidString(a.Text) {
			return a.Text
		}
		return lake.Text(a.Text)
	}
	n, err := strconv.ParseInt(a.Text, 10, 64)
	if err != nil {
		return ""
	}
	if c := a.Text[0]; c != '0' && c != '+' && c != '-' || a.Text == "0" {
		return a.Text
	}
	return strconv.FormatInt(n, 10)
}

// derive makes the block of a sealed file from its columns.
func derive(ctx context.Context, table *lake.Table, f lake.File) (*Block, error) {
	scan, err := table.OpenScan(f)
	if err != nil {
		return nil, fmt.Errorf("derive edges: %w", err)
	}
	defer scan.Close()
	p := newPacker()
	for g := range scan.Groups() {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("derive edges of %s: %w", f.Path, err)
		}
		if err := deriveGroup(scan, g, p); err != nil {
			return nil, fmt.Errorf("derive edges: %w", err)
		}
	}
	if p.full {
		return nil, fmt.Errorf("derive edges of %s: %w", f.Path, errTooLarge)
	}
	return p.block(), nil
}

func deriveGroup(scan *lake.Scan, g int, p *packer) error {
	group, err := scan.Rows(g)
	if err != nil {
		return err
	}
	rows := make([]event.Event, len(group.Entry))
	if err := fillAttrs(scan, g, group, rows); err != nil {
		return err
	}
	classes, err := scan.Longs(g, lake.ColClass)
	if err != nil {
		return err
	}
	activities, err := scan.Longs(g, lake.ColActivity)
	if err != nil {
		return err
	}
	services, err := scan.Load(g, group, lake.ColService)
	if err != nil {
		return err
	}
	room := make([]edge.Edge, 0, 4)
	for i := range rows {
		ev := &rows[i]
		ev.ID = event.ID{Entry: uint64(group.Entry[i]), Leaf: uint32(group.Leaf[i])}
		ev.Time = time.UnixMicro(group.Time[i]).UTC()
		ev.Class, ev.Activity = uint32(classes[i]), uint8(activities[i])
		ev.Service = services.Values[services.Index[i]]
		r := RecordOf(ev, room[:0])
		p.add(&r)
	}
	return nil
}

// fillAttrs gives the events of a row group their attributes.
func fillAttrs(scan *lake.Scan, g int, group *lake.Group, rows []event.Event) error {
	for n, a := range event.Dictionary() {
		if a.Type == event.TypeInt {
			values, set, err := scan.Numbers(g, group, a.Path)
			if err != nil {
				return err
			}
			for i := range set {
				if set[i] {
					rows[i].Attrs = append(rows[i].Attrs,
						event.AttrValue{Attr: event.Attr(n), Text: strconv.FormatInt(values[i], 10)})
				}
			}
			continue
		}
		t, err := scan.Load(g, group, a.Path)
		if err != nil {
			return err
		}
		for i, at := range t.Index {
			if at != 0 {
				rows[i].Attrs = append(rows[i].Attrs,
					event.AttrValue{Attr: event.Attr(n), Text: t.Values[at]})
			}
		}
		delete(group.Texts, a.Path) // its memory goes
	}
	return nil
}
