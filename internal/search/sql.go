package search

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/evident-sec/evident/internal/search/plain"

	"github.com/evident-sec/evident/internal/search/glob"
)

// builder collects the parameters of one statement. Everything that came from
// a query or a file name is a parameter; statements are made of constants,
// quoted dictionary names and numbers.
type builder struct {
	args []any
	raws []string // conditions on original bytes; the n-th is column rN of "o"
}

// arg adds a parameter and returns its place holder.
func (b *builder) arg(v any) string {
	b.args = append(b.args, v)
	return "$" + strconv.Itoa(len(b.args))
}

// time adds a time given in microseconds since 1970. DuckDB's times end well
// before 64 bits do.
func (b *builder) time(micros int64) string {
	const end = math.MaxInt64 / 2
	return b.arg(time.UnixMicro(max(-end, min(end, micros))).UTC())
}

// raw adds a condition on the original bytes and returns the column that holds
// its answer.
func (b *builder) raw(g glob.Glob) string {
	b.raws = append(b.raws, g.SQL("lower("+plain.RawSQL+")", b.arg))
	return fmt.Sprintf("coalesce(o.r%d, false)", len(b.raws)-1)
}

// originals joins the answers of all raw conditions, "" when there are none;
// only then source is not called: DuckDB refuses parameters without a use.
// Only records that fulfil one are kept, so that the join stays small.
func (b *builder) originals(source func(*builder) string) string {
	if len(b.raws) == 0 {
		return ""
	}
	columns := make([]string, len(b.raws))
	names := make([]string, len(b.raws))
	for i, cond := range b.raws {
		names[i] = "r" + strconv.Itoa(i)
		columns[i] = "(" + cond + ") AS " + names[i]
	}
	return " LEFT JOIN (SELECT * FROM (SELECT entry, leaf, " + strings.Join(columns, ", ") +
		" FROM " + source(b) + ") WHERE " + strings.Join(names, " OR ") +
		") o ON o.entry = e.entry AND o.leaf = e.leaf"
}
