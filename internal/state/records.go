package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Sources returns every log source and host with its counts, freshest first.
func (s *Store) Sources(ctx context.Context) ([]Freshness, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT name, host, events, dead, first, last, received
		FROM sources ORDER BY last DESC, name, host`)
	if err != nil {
		return nil, fmt.Errorf("list sources: %w", err)
	}
	defer rows.Close()
	var out []Freshness
	for rows.Next() {
		var f Freshness
		var first, last, received int64
		if err := rows.Scan(&f.Name, &f.Host, &f.Events, &f.Dead, &first, &last, &received); err != nil {
			return nil, fmt.Errorf("list sources: %w", err)
		}
		f.First, f.Last = time.Unix(0, first).UTC(), time.Unix(0, last).UTC()
		f.Received = time.Unix(0, received).UTC()
		out = append(out, f)
	}
	return out, rows.Err()
}

// DeadLetters returns the newest dead letters and how many there are.
func (s *Store) DeadLetters(ctx context.Context, limit int) ([]DeadLetter, int, error) {
	var total int
	if err := s.read.QueryRowContext(ctx, "SELECT count(*) FROM dead_letters").Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("count dead letters: %w", err)
	}
	rows, err := s.read.QueryContext(ctx, `SELECT entry, leaf, source, position, reason
		FROM dead_letters ORDER BY entry DESC, leaf DESC LIMIT ?`, limit)
	if err != nil {
		return nil, 0, fmt.Errorf("list dead letters: %w", err)
	}
	defer rows.Close()
	var out []DeadLetter
	for rows.Next() {
		var d DeadLetter
		if err := rows.Scan(&d.Event.Entry, &d.Event.Leaf, &d.Source, &d.Position, &d.Reason); err != nil {
			return nil, 0, fmt.Errorf("list dead letters: %w", err)
		}
		out = append(out, d)
	}
	return out, total, rows.Err()
}

// Incident is a reconstruction that was kept: its uid, the time of its first
// step, the uids of its findings and the result as JSON.
type Incident struct {
	UID      string
	Time     time.Time
	Findings []string
	Body     []byte
}

// PutIncidents replaces all kept incidents and marks their findings.
func (s *Store) PutIncidents(ctx context.Context, incidents []Incident) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("keep incidents: %w", err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx,
		"DELETE FROM incidents; UPDATE findings SET incident = '' WHERE incident <> ''"); err != nil {
		return fmt.Errorf("keep incidents: %w", err)
	}
	for _, in := range incidents {
		if _, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO incidents VALUES (?,?,?)",
			in.UID, in.Time.UnixNano(), in.Body); err != nil {
			return fmt.Errorf("keep incident %s: %w", in.UID, err)
		}
		for _, uid := range in.Findings {
			if _, err := tx.ExecContext(ctx, "UPDATE findings SET incident = ? WHERE uid = ?",
				in.UID, uid); err != nil {
				return fmt.Errorf("keep incident %s: %w", in.UID, err)
			}
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("keep incidents: %w", err)
	}
	return nil
}

// Incidents returns the kept incidents, newest first.
func (s *Store) Incidents(ctx context.Context) ([]Incident, error) {
	rows, err := s.read.QueryContext(ctx,
		"SELECT uid, time, body FROM incidents ORDER BY time DESC, uid")
	if err != nil {
		return nil, fmt.Errorf("list incidents: %w", err)
	}
	defer rows.Close()
	var out []Incident
	for rows.Next() {
		var in Incident
		var ns int64
		if err := rows.Scan(&in.UID, &ns, &in.Body); err != nil {
			return nil, fmt.Errorf("list incidents: %w", err)
		}
		in.Time = time.Unix(0, ns).UTC()
		out = append(out, in)
	}
	return out, rows.Err()
}

// Incident returns the kept incident with the uid, or ErrNotFound.
func (s *Store) Incident(ctx context.Context, uid string) (Incident, error) {
	in := Incident{UID: uid}
	var ns int64
	err := s.read.QueryRowContext(ctx, "SELECT time, body FROM incidents WHERE uid = ?", uid).
		Scan(&ns, &in.Body)
	if errors.Is(err, sql.ErrNoRows) {
		return in, fmt.Errorf("find incident %q: %w", uid, ErrNotFound)
	}
	if err != nil {
		return in, fmt.Errorf("find incident %q: %w", uid, err)
	}
	in.Time = time.Unix(0, ns).UTC()
	return in, nil
}

// PutVerification keeps the result of a verification (JSON body).
func (s *Store) PutVerification(ctx context.Context, at time.Time, ok bool, body []byte) error {
	_, err := s.write.ExecContext(ctx, "INSERT OR REPLACE INTO verifications VALUES (?,?,?)",
		at.UnixNano(), ok, body)
	if err != nil {
		return fmt.Errorf("keep verification: %w", err)
	}
	return nil
}

// LastVerification returns the newest verification result, or ErrNotFound.
func (s *Store) LastVerification(ctx context.Context) (at time.Time, body []byte, err error) {
	var ns int64
	err = s.read.QueryRowContext(ctx,
		"SELECT time, body FROM verifications ORDER BY time DESC LIMIT 1").Scan(&ns, &body)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil, fmt.Errorf("find verification: %w", ErrNotFound)
	}
	if err != nil {
		return time.Time{}, nil, fmt.Errorf("find verification: %w", err)
	}
	return time.Unix(0, ns).UTC(), body, nil
}

// Hosts returns how many hosts delivered events.
func (s *Store) Hosts(ctx context.Context) (int, error) {
	var n int
	err := s.read.QueryRowContext(ctx,
		"SELECT count(DISTINCT host) FROM sources WHERE host <> ''").Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count hosts: %w", err)
	}
	return n, nil
}
