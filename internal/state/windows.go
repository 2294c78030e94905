package state

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
)

// WindowRow is one piece of the windows that correlations look back on, as the
// correlator made it. Its identity is Correlation, Group and Part.
type WindowRow struct {
	Correlation string
	Group       []byte // nil: all groups of the correlation
	Part        int64  // below 0: every row of the group
	Body        []byte // nil: there is no such row any more
}

// addWindows writes the rows in order.
func (c *Change) addWindows(ctx context.Context, tx *sql.Tx) error {
	if len(c.Windows) == 0 {
		return nil
	}
	put, err := tx.PrepareContext(ctx, `INSERT INTO correlation_windows VALUES (?,?,?,?)
		ON CONFLICT (correlation, grp, part) DO UPDATE SET body = excluded.body`)
	if err != nil {
		return err
	}
	defer put.Close()
	for i := range c.Windows {
		w := &c.Windows[i]
		if w.Body != nil {
			_, err = put.ExecContext(ctx, w.Correlation, w.Group, w.Part, w.Body)
		} else {
			err = w.remove(ctx, tx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *WindowRow) remove(ctx context.Context, tx *sql.Tx) error {
	query, args := "DELETE FROM correlation_windows WHERE correlation = ?", []any{w.Correlation}
	if w.Group != nil {
		query, args = query+" AND grp = ?", append(args, w.Group)
	}
	if w.Part >= 0 {
		query, args = query+" AND part = ?", append(args, w.Part)
	}
	_, err := tx.ExecContext(ctx, query, args...)
	return err
}

// Windows yields the rows as they were after the last Apply, in no order.
func (s *Store) Windows(ctx context.Context) iter.Seq2[WindowRow, error] {
	return func(yield func(WindowRow, error) bool) {
		rows, err := s.read.QueryContext(ctx,
			"SELECT correlation, grp, part, body FROM correlation_windows")
		if err != nil {
			yield(WindowRow{}, fmt.Errorf("read windows: %w", err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			var w WindowRow
			err := rows.Scan(&w.Correlation, &w.Group, &w.Part, &w.Body)
			if err != nil {
				err = fmt.Errorf("read windows: %w", err)
			}
			if !yield(w, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(WindowRow{}, fmt.Errorf("read windows: %w", err))
		}
	}
}
