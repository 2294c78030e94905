package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
)

// ErrNotFound says that nothing has the identifier asked for.
var ErrNotFound = errors.New("not found")

// Finding is one detection: the columns that are searched, and Body, the OCSF
// Detection Finding as JSON.
type Finding struct {
	UID      string
	Time     time.Time
	Severity uint8 // OCSF severity_id: 1 informational to 5 critical
	Rule     string
	Title    string
	Host     string
	Event    event.ID
	Incident string // uid of the incident it belongs to, "" while ungrouped
	Body     []byte
}

// Filter narrows a list of findings; zero fields do not narrow.
type Filter struct {
	Severity   uint8 // exactly this severity_id
	Rule, Host string
	Incident   string
	Event      event.ID
	From, To   time.Time
	Limit      int // 0: all
}

func (f Filter) where() (string, []any) {
	var parts []string
	var args []any
	add := func(cond string, arg ...any) {
		parts = append(parts, cond)
		args = append(args, arg...)
	}
	if f.Severity != 0 {
		add("severity = ?", f.Severity)
	}
	if f.Rule != "" {
		add("rule = ?", f.Rule)
	}
	if f.Host != "" {
		add("host = ?", f.Host)
	}
	if f.Incident != "" {
		add("incident = ?", f.Incident)
	}
	if f.Event != (event.ID{}) {
		add("entry = ? AND leaf = ?", int64(f.Event.Entry), f.Event.Leaf)
	}
	if !f.From.IsZero() {
		add("time >= ?", f.From.UnixNano())
	}
	if !f.To.IsZero() {
		add("time < ?", f.To.UnixNano())
	}
	if len(parts) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(parts, " AND "), args
}

// Findings lists findings, newest first, and how many match in all.
func (s *Store) Findings(ctx context.Context, f Filter) ([]Finding, int, error) {
	where, args := f.where()
	var total int
	err := s.read.QueryRowContext(ctx, "SELECT count(*) FROM findings"+where, args...).Scan(&total)
	if err != nil {
		return nil, 0, fmt.Errorf("count findings: %w", err)
	}
	limit := f.Limit
	if limit <= 0 {
		limit = -1
	}
	rows, err := s.read.QueryContext(ctx, `SELECT uid, time, severity, rule, title, host, entry, leaf,
		incident, body FROM findings`+where+" ORDER BY time DESC, entry DESC, leaf DESC, uid LIMIT ?", append(args, limit)...)
	if err != nil {
		return nil, 0, fmt.Errorf("list findings: %w", err)
	}
	out, err := readFindings(rows)
	return out, total, err
}

func readFindings(rows *sql.Rows) ([]Finding, error) {
	defer rows.Close()
	var out []Finding
	for rows.Next() {
		var f Finding
		var ns int64
		if err := rows.Scan(&f.UID, &ns, &f.Severity, &f.Rule, &f.Title, &f.Host,
			&f.Event.Entry, &f.Event.Leaf, &f.Incident, &f.Body); err != nil {
			return nil, fmt.Errorf("list findings: %w", err)
		}
		f.Time = time.Unix(0, ns).UTC()
		out = append(out, f)
	}
	return out, rows.Err()
}

// WorstBetween returns up to limit findings of events in [from, to), worst and
// then newest first.
func (s *Store) WorstBetween(ctx context.Context, from, to time.Time, limit int) ([]Finding, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT uid, time, severity, rule, title, host, entry, leaf,
		incident, body FROM findings WHERE time >= ? AND time < ?
		ORDER BY severity DESC, time DESC, uid LIMIT ?`, from.UnixNano(), to.UnixNano(), limit)
	if err != nil {
		return nil, fmt.Errorf("list findings: %w", err)
	}
	return readFindings(rows)
}

// Finding returns the finding with the uid, or ErrNotFound.
func (s *Store) Finding(ctx context.Context, uid string) (Finding, error) {
	f := Finding{UID: uid}
	var ns int64
	err := s.read.QueryRowContext(ctx, `SELECT time, severity, rule, title, host, entry, leaf, incident,
		body FROM findings WHERE uid = ?`, uid).Scan(&ns, &f.Severity, &f.Rule, &f.Title, &f.Host,
		&f.Event.Entry, &f.Event.Leaf, &f.Incident, &f.Body)
	if errors.Is(err, sql.ErrNoRows) {
		return f, fmt.Errorf("find finding %q: %w", uid, ErrNotFound)
	}
	if err != nil {
		return f, fmt.Errorf("find finding %q: %w", uid, err)
	}
	f.Time = time.Unix(0, ns).UTC()
	return f, nil
}

// Counts are findings by severity_id, index 0 to 6.
type Counts [7]int

// CountFindings counts findings per bucket of the given width between from and
// to; the last bucket may reach past to.
func (s *Store) CountFindings(ctx context.Context, from, to time.Time, width time.Duration) (map[int]Counts, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT (time - ?) / ?, severity, count(*) FROM findings
		WHERE time >= ? AND time < ? GROUP BY 1, 2`,
		from.UnixNano(), int64(width), from.UnixNano(), to.UnixNano())
	if err != nil {
		return nil, fmt.Errorf("count findings: %w", err)
	}
	defer rows.Close()
	out := make(map[int]Counts)
	for rows.Next() {
		var bucket, severity, n int
		if err := rows.Scan(&bucket, &severity, &n); err != nil {
			return nil, fmt.Errorf("count findings: %w", err)
		}
		c := out[bucket]
		c[min(max(severity, 0), 6)] += n
		out[bucket] = c
	}
	return out, rows.Err()
}

// WorstFindings returns, for those of the events that have findings, the
// highest severity_id.
func (s *Store) WorstFindings(ctx context.Context, ids []event.ID) (map[event.ID]uint8, error) {
	out := make(map[event.ID]uint8)
	query, err := s.read.PrepareContext(ctx,
		"SELECT max(severity) FROM findings WHERE entry = ? AND leaf = ?")
	if err != nil {
		return nil, fmt.Errorf("find worst findings: %w", err)
	}
	defer query.Close()
	for _, id := range ids {
		var severity sql.NullInt64
		if err := query.QueryRowContext(ctx, int64(id.Entry), id.Leaf).Scan(&severity); err != nil {
			return nil, fmt.Errorf("find worst finding of %s: %w", id, err)
		}
		if severity.Valid {
			out[id] = uint8(severity.Int64)
		}
	}
	return out, nil
}

// FindingCount returns how many findings there are.
func (s *Store) FindingCount(ctx context.Context) (int, error) {
	var n int
	if err := s.read.QueryRowContext(ctx, "SELECT count(*) FROM findings").Scan(&n); err != nil {
		return 0, fmt.Errorf("count findings: %w", err)
	}
	return n, nil
}
