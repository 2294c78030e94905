package search

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/evident-sec/evident/internal/search/sqlguard"
)

// SQLRequest asks with SQL, over the view "events": all events in the time
// range that the rows rule lets through, persons masked.
type SQLRequest struct {
	Text     string
	From, To time.Time // event times in [From, To); a zero time is an open end
	Rows     *Query    // which events the caller may see; nil is all
	Limit    int       // rows: 0 is TableLimit, at most MaxLimit
}

// newSecret makes the key of pseudonyms. It is kept nowhere, so pseudonyms of
// one run of the program tell nothing to the next.
func newSecret() string {
	var b [32]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// SQL answers one SELECT. Errors wrap ErrSQL when the statement may not or
// cannot be run.
func (e *Engine) SQL(ctx context.Context, req SQLRequest) (*Table, error) {
	start := time.Now()
	v, ctx, err := e.view(ctx, req.From, req.To)
	if err != nil {
		return nil, err
	}
	defer v.close()
	canonical, err := checkSQL(ctx, v.tx, req.Text)
	if err != nil {
		return nil, ended(ctx, err)
	}
	limit := min(orDefault(req.Limit, TableLimit), MaxLimit)
	out, err := v.ask(ctx, &req, canonical, e.secret, limit)
	if err != nil {
		return nil, ended(ctx, sqlFault(err))
	}
	out.Files, out.HotRows, out.Took = len(v.files), v.hotRows, time.Since(start)
	return out, nil
}

// ask runs the checked statement below the view.
func (v *view) ask(
	ctx context.Context, req *SQLRequest, canonical, secret string, limit int,
) (*Table, error) {
	b := &builder{}
	columns := viewSQL(b, secret)
	within := Request{Query: req.Rows, From: req.From, To: req.To}
	stmt := "WITH " + EventsView + " AS NOT MATERIALIZED (SELECT " + columns +
		v.matching(&within, v.everything(), b) + ") SELECT * FROM (\n" + canonical + "\n) LIMIT " +
		strconv.Itoa(limit+1)
	rows, err := v.tx.QueryContext(ctx, stmt, b.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := &Table{Rows: [][]any{}}
	if out.Columns, err = sqlColumns(rows); err != nil {
		return nil, err
	}
	for rows.Next() {
		if len(out.Rows) == limit {
			out.More = true
			break
		}
		row, dest := make([]any, len(out.Columns)), make([]any, len(out.Columns))
		for i := range row {
			dest[i] = &row[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		for i := range row {
			row[i] = sqlguard.Plain(row[i])
		}
		out.Rows = append(out.Rows, row)
	}
	return out, rows.Err()
}

func sqlColumns(rows *sql.Rows) ([]Column, error) {
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	out := make([]Column, len(types))
	for i, t := range types {
		typ := "text"
		switch name := t.DatabaseTypeName(); {
		case strings.Contains(name, "INT"):
			typ = "int"
		case strings.HasPrefix(name, "TIMESTAMP") || name == "DATE":
			typ = "time"
		case name == "DOUBLE" || name == "FLOAT":
			typ = "float"
		case name == "BOOLEAN":
			typ = "bool"
		}
		out[i] = Column{t.Name(), typ}
	}
	return out, nil
}

// sqlFault says that the statement is to blame for what DuckDB found wrong with
// it once it was bound or run.
func sqlFault(err error) error {
	var e *duckdb.Error
	if !errors.As(err, &e) || outOfMemory(err) || e.Type == duckdb.ErrorTypeInterrupt {
		return err
	}
	message, _, _ := strings.Cut(e.Msg, "\n\nLINE")
	return fmt.Errorf("%w: %s", ErrSQL, message)
}
