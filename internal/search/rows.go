package search

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
)

// fixedSQL selects what every row has; scanFixed reads it.
const fixedSQL = `e.entry, e.leaf, epoch_us(e.time), epoch_us(e.received), e.class_uid, ` +
	`e.activity_id, e.severity_id, coalesce(e."logsource.product", ''), ` +
	`coalesce(e."logsource.service", ''), coalesce(e."logsource.category", ''), ` +
	`coalesce(e.problem, '')`

// fetch returns the rows of the keys, in their order. Finding keys first and
// rows later keeps all other columns of non-matches unread.
func (v *view) fetch(ctx context.Context, req *Request, keys []key) ([]Row, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	found, err := v.rows(ctx, req, keys)
	if err != nil {
		return nil, err
	}
	if req.Raw {
		if err := v.originals(ctx, keys, found); err != nil {
			return nil, err
		}
	}
	out := make([]Row, len(keys))
	for i, k := range keys {
		row, ok := found[k.id()]
		if !ok {
			return nil, fmt.Errorf("read event %s: the file lost it", k.id())
		}
		out[i] = *row
	}
	return out, nil
}

func (k key) id() event.ID { return event.ID{Entry: uint64(k.entry), Leaf: uint32(k.leaf)} }

// manyEntries is where naming each entry costs more than it spares.
const manyEntries = 500

// among returns the condition that (entry, leaf) is one of the keys. The plain
// condition on entry lets the scan skip what cannot be one, before it reads the
// other columns.
func among(keys []key, b *builder) string {
	entries, leaves := make([]int64, len(keys)), make([]int32, len(keys))
	for i, k := range keys {
		entries[i], leaves[i] = k.entry, k.leaf
	}
	cond := "(entry, leaf) IN (SELECT unnest(" + b.arg(entries) + "::BIGINT[]), unnest(" +
		b.arg(leaves) + "::INTEGER[]))"
	distinct := slices.Compact(slices.Sorted(slices.Values(entries)))
	if len(distinct) > manyEntries {
		return cond + " AND entry BETWEEN " + b.arg(distinct[0]) + " AND " +
			b.arg(distinct[len(distinct)-1])
	}
	list := make([]string, len(distinct))
	for i, n := range distinct {
		list[i] = strconv.FormatInt(n, 10)
	}
	return cond + " AND entry IN (" + strings.Join(list, ", ") + ")"
}

// selectedSQL lists the columns that a scanner of attrs reads.
func selectedSQL(attrs []event.Attr) string {
	selected := []string{fixedSQL}
	for _, a := range attrs {
		selected = append(selected, column(a.String()))
	}
	return strings.Join(selected, ", ")
}

func wantedAttrs(columns []event.Attr) []event.Attr {
	if columns != nil {
		wanted := slices.Clone(columns)
		slices.Sort(wanted)
		return slices.Compact(wanted)
	}
	wanted := make([]event.Attr, event.NumAttrs)
	for i := range wanted {
		wanted[i] = event.Attr(i)
	}
	return wanted
}

// scanner reads rows without allocating for the columns that are NULL.
type scanner struct {
	attrs            []event.Attr
	values           []any
	dest             []any
	row1             Row
	entry, time, rcv int64
	leaf             int32
}

func newScanner(attrs []event.Attr) *scanner {
	s := &scanner{attrs: attrs, values: make([]any, len(attrs))}
	s.dest = []any{
		&s.entry, &s.leaf, &s.time, &s.rcv, &s.row1.Class, &s.row1.Activity, &s.row1.Severity,
		&s.row1.Product, &s.row1.Service, &s.row1.Category, &s.row1.Problem,
	}
	for i := range s.values {
		s.dest = append(s.dest, &s.values[i])
	}
	return s
}

func (s *scanner) row(rows *sql.Rows) (*Row, error) {
	if err := rows.Scan(s.dest...); err != nil {
		return nil, err
	}
	row := s.row1
	row.ID = event.ID{Entry: uint64(s.entry), Leaf: uint32(s.leaf)}
	row.Time = time.UnixMicro(s.time).UTC()
	row.Received = time.UnixMicro(s.rcv).UTC()
	for i, a := range s.attrs {
		switch value := s.values[i].(type) {
		case string:
			row.Attrs = append(row.Attrs, event.AttrValue{Attr: a, Text: value})
		case int64:
			row.Attrs = append(row.Attrs,
				event.AttrValue{Attr: a, Text: strconv.FormatInt(value, 10)})
		}
	}
	return &row, nil
}

// originals adds the original bytes to the rows.
func (v *view) originals(ctx context.Context, keys []key, found map[event.ID]*Row) error {
	src, _ := v.around(keys)
	if v.records != nil {
		if err := v.fetchOriginals(ctx, src.files, keys, found); err != nil || !src.hot {
			return err
		}
		src.files = nil
	}
	b := &builder{}
	stmt := "SELECT entry, leaf, raw FROM " + v.originalsSQL(src, b) + " WHERE " + among(keys, b)
	rows, err := v.tx.QueryContext(ctx, stmt, b.args...)
	if err != nil {
		return fmt.Errorf("read original bytes: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var k key
		var raw []byte
		if err := rows.Scan(&k.entry, &k.leaf, &raw); err != nil {
			return fmt.Errorf("read original bytes: %w", err)
		}
		if row := found[k.id()]; row != nil {
			row.Raw = raw
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read original bytes: %w", err)
	}
	return nil
}

// fetchOriginals adds the original bytes of those rows that are in files.
func (v *view) fetchOriginals(ctx context.Context, files []File, keys []key, found map[event.ID]*Row,
) error {
	ids := make([]event.ID, len(keys))
	for i, k := range keys {
		ids[i] = k.id()
	}
	err := v.records.Fetch(ctx, paths(files, true), ids, func(id event.ID, raw []byte) {
		if row := found[id]; row != nil {
			row.Raw = raw
		}
	})
	if err != nil {
		return fmt.Errorf("read original bytes: %w", err)
	}
	return nil
}
