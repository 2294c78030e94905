package search

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/evident-sec/evident/event"
)

// maxPicked is how many files one statement picks rows from: each is a branch
// of its own, which takes DuckDB time to plan.
const maxPicked = 24

// around returns the part of the view that has the keys' events, and their
// times.
func (v *view) around(keys []key) (source, span) {
	times := span{keys[0].micros, keys[0].micros}
	for _, k := range keys {
		times.from, times.to = min(times.from, k.micros), max(times.to, k.micros)
	}
	var src source
	_, numbers := byFile(keys)
	for _, n := range numbers {
		if n == 0 {
			src.hot = true
			continue
		}
		src.files = append(src.files, v.files[n-1])
	}
	return src, times
}

// placeSQL selects where rows of files are; hot rows have no place.
func placeSQL(s source) string {
	if len(s.files) == 0 {
		return "NULL::BIGINT, NULL::VARCHAR"
	}
	return "e.file_row_number, e.filename"
}

// fileNumber returns the place of a file in the view, counted from 1; 0 is none.
func (v *view) fileNumber(path string) int32 {
	if v.numbers == nil {
		v.numbers = make(map[string]int32, len(v.files))
		for i := range v.files {
			v.numbers[v.files[i].Path] = int32(i + 1)
		}
	}
	return v.numbers[path]
}

// byFile returns the keys of each file, and the files' numbers in order.
func byFile(keys []key) (map[int32][]key, []int32) {
	of := map[int32][]key{}
	for _, k := range keys {
		of[k.file] = append(of[k.file], k)
	}
	return of, slices.Sorted(maps.Keys(of))
}

// pickedSQL returns a relation with all columns of exactly the keys' events.
// Rows of files are named by their number: DuckDB then reads no row group, and
// decodes no part of one, that has none of them.
func (v *view) pickedSQL(keys []key, b *builder) string {
	of, numbers := byFile(keys)
	sql := "SELECT * FROM " + shape
	for _, n := range numbers {
		sql += " UNION ALL BY NAME (" + v.pickSQL(n, of[n], b) + ")"
	}
	return "(" + sql + ")"
}

func (v *view) pickSQL(file int32, keys []key, b *builder) string {
	if file == 0 {
		return "SELECT * FROM (" + v.hotSQL("* EXCLUDE (raw)") + ") WHERE " + among(keys, b)
	}
	rows := make([]string, len(keys))
	for i, k := range keys {
		rows[i] = strconv.FormatInt(k.row, 10)
	}
	return "SELECT * FROM read_parquet(" + b.arg([]string{v.files[file-1].Path}) +
		") WHERE file_row_number IN (" + strings.Join(rows, ", ") + ")"
}

// rows returns the events of the keys.
func (v *view) rows(ctx context.Context, req *Request, keys []key) (map[event.ID]*Row, error) {
	found := make(map[event.ID]*Row, len(keys))
	attrs := wantedAttrs(req.Columns)
	of, numbers := byFile(keys)
	for part := range slices.Chunk(numbers, maxPicked) {
		b := &builder{}
		var some []key
		for _, n := range part {
			some = append(some, of[n]...)
		}
		rows, err := v.tx.QueryContext(ctx,
			"SELECT "+selectedSQL(attrs)+" FROM "+v.pickedSQL(some, b)+" e", b.args...)
		if err != nil {
			return nil, fmt.Errorf("read events: %w", err)
		}
		if err := gatherRows(rows, attrs, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func gatherRows(rows *sql.Rows, attrs []event.Attr, found map[event.ID]*Row) error {
	defer rows.Close()
	scan := newScanner(attrs)
	for rows.Next() {
		row, err := scan.row(rows)
		if err != nil {
			return fmt.Errorf("read events: %w", err)
		}
		found[row.ID] = row
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	return nil
}
