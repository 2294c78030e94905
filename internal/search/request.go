package search

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
)

// ErrCursor is wrapped by errors about a malformed Request.After.
var ErrCursor = errors.New("not a cursor of this search")

// Limits of one answer.
const (
	DefaultLimit = 100
	MaxLimit     = 10000
	countBudget  = time.Second
)

// Request asks for the events that match a query.
type Request struct {
	Query    *Query       // nil matches everything
	From, To time.Time    // event times in [From, To); a zero time is an open end
	Limit    int          // rows of one answer: 0 is DefaultLimit, at most MaxLimit
	Oldest   bool         // oldest first; otherwise newest first
	Columns  []event.Attr // attributes to return; nil returns all
	Raw      bool         // return the original bytes too
	After    string       // Result.After of the answer before, "" for the first

	// CountFor is how long matches may be counted once the rows are found:
	// 0 is one second, negative leaves the count out.
	CountFor time.Duration
}

// Row is one event of an answer. Times are in microseconds, UTC.
type Row struct {
	ID                         event.ID
	Time, Received             time.Time
	Class                      uint32
	Activity, Severity         uint8
	Product, Service, Category string
	Problem                    string
	Attrs                      event.Attributes // in the order of the dictionary
	Raw                        []byte           // nil unless asked for, or erased
}

// Result is one answer.
type Result struct {
	Rows       []Row
	Total      int64  // matches from From to To, on all pages
	TotalExact bool   // false: counting was cut short and there may be more
	After      string // asks for the next page; "" on the last
	Files      int    // files in the time range
	HotRows    int64  // events that are not sealed yet
	Took       time.Duration
}

// key is the place of an event in the order of answers, and in the lake.
type key struct {
	micros, entry int64
	leaf          int32

	file int32 // number of the view's file, from 1; 0: hot, or not known
	row  int64 // number of the row in it, from 0
}

// less orders keys by time, entry and leaf.
func (k key) less(other key) bool {
	if k.micros != other.micros {
		return k.micros < other.micros
	}
	if k.entry != other.entry {
		return k.entry < other.entry
	}
	return k.leaf < other.leaf
}

func (k key) cursor() string {
	return fmt.Sprintf("%d.%d.%d", k.micros, k.entry, k.leaf)
}

func parseCursor(s string) (key, error) {
	parts := strings.Split(s, ".")
	if len(parts) != 3 {
		return key{}, fmt.Errorf("read cursor %.40q: %w", s, ErrCursor)
	}
	micros, err1 := strconv.ParseInt(parts[0], 10, 64)
	entry, err2 := strconv.ParseInt(parts[1], 10, 64)
	leaf, err3 := strconv.ParseInt(parts[2], 10, 32)
	if err := errors.Join(err1, err2, err3); err != nil {
		return key{}, fmt.Errorf("read cursor %.40q: %w", s, ErrCursor)
	}
	return key{micros: micros, entry: entry, leaf: int32(leaf)}, nil
}

func (r *Request) limit() int {
	if r.Limit <= 0 {
		return DefaultLimit
	}
	return min(r.Limit, MaxLimit)
}
