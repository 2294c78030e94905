package state

import (
	"context"
	"fmt"
	"time"
)

// RuleHits are the findings of one rule in a stretch of time.
type RuleHits struct {
	Total   int
	Last    time.Time   // of the newest
	Buckets map[int]int // by bucket, those that are not empty
}

// RuleHits counts the findings with event times in [from, to) by rule and by
// buckets of the given width from from on. Findings of rules without an id are
// under "".
func (s *Store) RuleHits(ctx context.Context, from, to time.Time, width time.Duration,
) (map[string]RuleHits, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT rule, (time - ?) / ?, count(*), max(time)
		FROM findings WHERE time >= ? AND time < ? GROUP BY 1, 2`,
		from.UnixNano(), int64(width), from.UnixNano(), to.UnixNano())
	if err != nil {
		return nil, fmt.Errorf("count findings by rule: %w", err)
	}
	defer rows.Close()
	out := make(map[string]RuleHits)
	for rows.Next() {
		var rule string
		var bucket, n int
		var newest int64
		if err := rows.Scan(&rule, &bucket, &n, &newest); err != nil {
			return nil, fmt.Errorf("count findings by rule: %w", err)
		}
		h := out[rule]
		if h.Buckets == nil {
			h.Buckets = make(map[int]int)
		}
		h.Buckets[bucket] = n
		h.Total += n
		if at := time.Unix(0, newest).UTC(); at.After(h.Last) {
			h.Last = at
		}
		out[rule] = h
	}
	return out, rows.Err()
}
