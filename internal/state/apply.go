package state

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/evident-sec/evident/event"
)

// Change is what one or more consecutive journal entries add to the state.
type Change struct {
	Through  uint64 // the last of these entries
	Batches  map[event.BatchID]uint64
	Findings []Finding
	Dead     []DeadLetter
	Sources  []Freshness
	Windows  []WindowRow // of correlations, after the last of these entries
	Overlays []Overlay   // what analysts said of incidents
}

// DeadLetter is a record that could not be decoded. The record itself is
// journaled, sealed and searchable all the same.
type DeadLetter struct {
	Event    event.ID
	Source   string
	Position int64 // 1-based record number in the source
	Reason   string
}

// Freshness counts what one log source delivered for one host. In a Change it
// is the increment.
type Freshness struct {
	Name, Host   string
	Events, Dead int64
	First, Last  time.Time // event times
	Received     time.Time // latest arrival
}

// Apply adds the change in one transaction. Entries up to Through that were
// applied before are the caller's to leave out; findings and dead letters
// that are there already stay as they are.
func (s *Store) Apply(ctx context.Context, c Change) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("apply state change: %w", err)
	}
	defer tx.Rollback() // no effect once committed
	for _, step := range []func(context.Context, *sql.Tx) error{
		c.addBatches, c.addFindings, c.addDead, c.addSources, c.addWindows, c.addOverlays,
		c.advance,
	} {
		if err := step(ctx, tx); err != nil {
			return fmt.Errorf("apply state change: %w", err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("apply state change: %w", err)
	}
	return nil
}

func (c *Change) addBatches(ctx context.Context, tx *sql.Tx) error {
	for id, entry := range c.Batches {
		if _, err := tx.ExecContext(ctx,
			"INSERT OR IGNORE INTO batches VALUES (?, ?)", id[:], int64(entry)); err != nil {
			return err
		}
	}
	return nil
}

func (c *Change) addFindings(ctx context.Context, tx *sql.Tx) error {
	if len(c.Findings) == 0 {
		return nil
	}
	insert, err := tx.PrepareContext(ctx, `INSERT OR IGNORE INTO findings
		(uid, time, severity, rule, title, host, entry, leaf, body, check_value)
		VALUES (?,?,?,?,?,?,?,?,?,?)`)
	if err != nil {
		return err
	}
	defer insert.Close()
	for i := range c.Findings {
		f := &c.Findings[i]
		if _, err := insert.ExecContext(ctx, f.UID, f.Time.UnixNano(), f.Severity, f.Rule, f.Title,
			f.Host, int64(f.Event.Entry), f.Event.Leaf, f.Body, f.check()); err != nil {
			return err
		}
	}
	return nil
}

func (c *Change) addDead(ctx context.Context, tx *sql.Tx) error {
	for _, d := range c.Dead {
		if _, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO dead_letters VALUES (?,?,?,?,?)",
			int64(d.Event.Entry), d.Event.Leaf, d.Source, d.Position, d.Reason); err != nil {
			return err
		}
	}
	return nil
}

func (c *Change) addSources(ctx context.Context, tx *sql.Tx) error {
	for _, f := range c.Sources {
		if _, err := tx.ExecContext(ctx, `INSERT INTO sources VALUES (?,?,?,?,?,?,?)
			ON CONFLICT (name, host) DO UPDATE SET events = events + excluded.events,
			dead = dead + excluded.dead, first = min(first, excluded.first),
			last = max(last, excluded.last), received = max(received, excluded.received)`,
			f.Name, f.Host, f.Events, f.Dead, f.First.UnixNano(), f.Last.UnixNano(),
			f.Received.UnixNano()); err != nil {
			return err
		}
	}
	return nil
}

func (c *Change) advance(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx,
		"UPDATE progress SET through = max(through, ?)", int64(c.Through))
	return err
}
