package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/evident-sec/evident/event"
)

// Overlay is what an analyst said of an incident: Body, as it stands in the
// journal record Record. Event is the event of the step it speaks of, zero
// where it speaks of the whole incident.
type Overlay struct {
	UID      string
	Incident string
	Event    event.ID
	Time     time.Time
	Record   event.ID
	Body     []byte
}

// PutOverlay keeps an overlay whose record is journaled. One that is kept
// already stays as it is: applying its entry finds it here.
func (s *Store) PutOverlay(ctx context.Context, o Overlay) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("keep overlay %s: %w", o.UID, err)
	}
	defer tx.Rollback() // no effect once committed
	c := Change{Overlays: []Overlay{o}}
	if err := c.addOverlays(ctx, tx); err != nil {
		return fmt.Errorf("keep overlay %s: %w", o.UID, err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("keep overlay %s: %w", o.UID, err)
	}
	return nil
}

func (c *Change) addOverlays(ctx context.Context, tx *sql.Tx) error {
	for _, o := range c.Overlays {
		about := ""
		if o.Event != (event.ID{}) {
			about = o.Event.String()
		}
		_, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO overlays VALUES (?,?,?,?,?,?,?)", o.UID,
			o.Incident, about, o.Time.UnixNano(), int64(o.Record.Entry), o.Record.Leaf, o.Body)
		if err != nil {
			return err
		}
	}
	return nil
}

// Overlays returns what was said of the incident, or of steps that hold one of
// the events, by time.
func (s *Store) Overlays(
	ctx context.Context, incident string, about []event.ID,
) ([]Overlay, error) {
	ids, err := json.Marshal(about)
	if err != nil {
		return nil, fmt.Errorf("list overlays of %s: %w", incident, err)
	}
	rows, err := s.read.QueryContext(ctx, `SELECT uid, incident, event, time, entry, leaf, body
		FROM overlays WHERE incident = ? OR event IN (SELECT value FROM json_each(?))
		ORDER BY time, uid`, incident, string(ids))
	if err != nil {
		return nil, fmt.Errorf("list overlays of %s: %w", incident, err)
	}
	defer rows.Close()
	var out []Overlay
	for rows.Next() {
		var o Overlay
		var ns int64
		var about string
		if err := rows.Scan(&o.UID, &o.Incident, &about, &ns, &o.Record.Entry, &o.Record.Leaf,
			&o.Body); err != nil {
			return nil, fmt.Errorf("list overlays of %s: %w", incident, err)
		}
		if about != "" {
			if o.Event, err = event.ParseID(about); err != nil {
				return nil, fmt.Errorf("list overlays of %s: %w", incident, err)
			}
		}
		o.Time = time.Unix(0, ns).UTC()
		out = append(out, o)
	}
	return out, rows.Err()
}
