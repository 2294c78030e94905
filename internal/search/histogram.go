package search

import (
	"context"
	"fmt"
	"time"

	"github.com/evident-sec/evident/internal/search/names"
)

// maxBuckets bounds a histogram.
const maxBuckets = 2000

// Bucket counts the matches in [From, To).
type Bucket struct {
	From, To   time.Time
	Events     int64
	BySeverity [len(names.Severities)]int64 // by severity_id; ids beyond count as 0
}

// Histogram counts the matches in equal buckets from from to to, both empty and
// full ones, at most 2000. Zero times stand for the first and last event; the
// answer is empty when there are none. The width is rounded up to microseconds.
func (e *Engine) Histogram(
	ctx context.Context, req Request, from, to time.Time, buckets int,
) ([]Bucket, error) {
	req.From, req.To = from, to
	v, ctx, err := e.view(ctx, from, to)
	if err != nil {
		return nil, err
	}
	defer v.close()
	window, ok := v.window(&req)
	if !ok {
		return nil, nil
	}
	count := int64(min(max(buckets, 1), maxBuckets))
	width := max(1, (window.to-window.from+count)/count)
	out := emptyBuckets(window, width)
	if err := v.fill(ctx, &req, out, width); err != nil {
		return nil, ended(ctx, err)
	}
	return out, nil
}

// window returns the times that the request and the events have in common.
func (v *view) window(req *Request) (s span, ok bool) {
	for _, part := range v.stretches(req, nil) {
		if !ok {
			s, ok = part.span, true
		}
		s.from, s.to = min(s.from, part.from), max(s.to, part.to)
	}
	if !req.From.IsZero() {
		s.from = ceilMicro(req.From)
	}
	if !req.To.IsZero() {
		s.to = ceilMicro(req.To) - 1
	}
	return s, s.from <= s.to && (ok || !req.From.IsZero() && !req.To.IsZero())
}

func emptyBuckets(window span, width int64) []Bucket {
	var out []Bucket
	for at := window.from; at <= window.to; at += width {
		out = append(out, Bucket{
			From: time.UnixMicro(at).UTC(), To: time.UnixMicro(at + width).UTC(),
		})
	}
	return out
}

func (v *view) fill(ctx context.Context, req *Request, out []Bucket, width int64) error {
	parts, err := v.relevant(ctx, req)
	if err != nil {
		return err
	}
	b := &builder{}
	stmt := fmt.Sprintf("SELECT (epoch_us(e.time) - %s) // %s AS bucket, e.severity_id, count(*)",
		b.arg(out[0].From.UnixMicro()), b.arg(width)) + v.matching(req, gather(parts), b) +
		" GROUP BY ALL"
	rows, err := v.tx.QueryContext(ctx, stmt, b.args...)
	if err != nil {
		return fmt.Errorf("count buckets: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var bucket, severity, n int64
		if err := rows.Scan(&bucket, &severity, &n); err != nil {
			return fmt.Errorf("count buckets: %w", err)
		}
		if bucket < 0 || bucket >= int64(len(out)) {
			continue
		}
		out[bucket].Events += n
		if severity < 0 || severity >= int64(len(names.Severities)) {
			severity = 0
		}
		out[bucket].BySeverity[severity] += n
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("count buckets: %w", err)
	}
	return nil
}
