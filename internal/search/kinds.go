package search

import (
	"context"
	"fmt"

	"github.com/evident-sec/evident/event"
)

// Kind is a sort of events: what their records say they are, and what the
// mapping made of them. Example is the newest of them.
type Kind struct {
	Product, Service, Category string // Sigma log source
	Log, Code                  string // channel and event number
	Class                      uint32 // OCSF class_uid
	Activity                   uint8  // OCSF activity_id
	Events                     int64
	Example                    event.ID
}

// maxKinds bounds an answer, most frequent kinds first.
const maxKinds = 5000

// Kinds lists the sorts of events there are.
func (e *Engine) Kinds(ctx context.Context) ([]Kind, error) {
	req := &Request{}
	v, ctx, err := e.view(ctx, req.From, req.To)
	if err != nil {
		return nil, err
	}
	defer v.close()
	b := &builder{}
	text := func(name string) string { return "coalesce(" + column(name) + ", '')" }
	stmt := "SELECT " + text("logsource.product") + ", " + text("logsource.service") + ", " +
		text("logsource.category") + ", " + text("metadata.log_name") + ", " +
		text("metadata.event_code") + ", e.class_uid, e.activity_id, count(*) AS n, " +
		"max(e.entry), arg_max(e.leaf, (e.entry, e.leaf))" +
		v.matching(req, v.everything(), b) +
		fmt.Sprintf(" GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY n DESC, 9, 10 LIMIT %d", maxKinds)
	rows, err := v.tx.QueryContext(ctx, stmt, b.args...)
	if err != nil {
		return nil, fmt.Errorf("list kinds of events: %w", ended(ctx, err))
	}
	defer rows.Close()
	var out []Kind
	for rows.Next() {
		var k Kind
		if err := rows.Scan(&k.Product, &k.Service, &k.Category, &k.Log, &k.Code, &k.Class,
			&k.Activity, &k.Events, &k.Example.Entry, &k.Example.Leaf); err != nil {
			return nil, fmt.Errorf("list kinds of events: %w", err)
		}
		out = append(out, k)
	}
	return out, rows.Err()
}
