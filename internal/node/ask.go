package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/search"
	"github.com/evident-sec/evident/internal/state"
)

// hotRows gives events to search. What search cannot take must not stop the
// records behind it: it becomes searchable when it is sealed, and until then
// searches say that something is missing.
type hotRows struct {
	engine *search.Engine
	log    *slog.Logger
}

// Hot makes events searchable, or says that they are not.
func (h hotRows) Hot(ctx context.Context, evs []event.Event) error {
	err := h.engine.Hot(ctx, evs)
	if err == nil || ctx.Err() != nil || len(evs) == 0 {
		return err
	}
	h.log.Error("events cannot be searched until they are sealed", "error", err,
		"through", evs[len(evs)-1].ID.Entry)
	h.engine.Withhold(evs[len(evs)-1].ID.Entry)
	return nil
}

// Sealed drops what the lake has.
func (h hotRows) Sealed(ctx context.Context, through uint64) error {
	return h.engine.Sealed(ctx, through)
}

// Stream is Search that gives rows as they are found.
func (n *Node) Stream(
	ctx context.Context, caller string, r search.Request, visit func(search.Part) error,
) (*search.Result, error) {
	err := n.Record(ctx, Act{Operation: "search", Caller: caller, Detail: queryDetail(r)})
	if err != nil {
		return nil, err
	}
	return n.search.Stream(ctx, r, visit)
}

// Table answers a pipeline for the caller and records that it was asked. visit
// may be nil.
func (n *Node) Table(
	ctx context.Context, caller string, r search.TableRequest, visit func(search.Progress) error,
) (*search.Table, error) {
	err := n.Record(ctx, Act{Operation: "search", Caller: caller, Detail: tableDetail(r)})
	if err != nil {
		return nil, err
	}
	return n.search.Table(ctx, r, visit)
}

func tableDetail(r search.TableRequest) string {
	return fmt.Sprintf("query %q", r.Pipeline.String()) + rangeDetail(r.From, r.To)
}

func rangeDetail(from, to time.Time) string {
	if from.IsZero() && to.IsZero() {
		return ""
	}
	return fmt.Sprintf(" from %s to %s", from.Format(time.RFC3339), to.Format(time.RFC3339))
}

// SQL answers a statement over the masked view for the caller and records what
// was asked, also when it is refused.
func (n *Node) SQL(ctx context.Context, caller string, r search.SQLRequest) (*search.Table, error) {
	err := n.Record(ctx, Act{
		Operation: "search-sql", Caller: caller,
		Detail: fmt.Sprintf("sql %q", r.Text) + rangeDetail(r.From, r.To),
	})
	if err != nil {
		return nil, err
	}
	return n.search.SQL(ctx, r)
}

// Export visits all matches for the caller, oldest first, and records that they
// leave Evident, and in which form.
func (n *Node) Export(
	ctx context.Context, caller, form string, r search.Request, visit func(*event.Event) error,
) error {
	err := n.Record(ctx, Act{
		Operation: "export", Caller: caller, Detail: "as " + form + " " + queryDetail(r),
	})
	if err != nil {
		return err
	}
	return n.search.Each(ctx, r, func(row search.Row) error { return visit(EventOf(&row)) })
}

// ErrSearchName is wrapped by errors about the name of a saved search.
var ErrSearchName = errors.New("a name has 1 to 64 small letters, digits, - and _, beginning with a letter")

var searchName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,63}$`)

// SaveSearch keeps a query under a name and records it. Its text may have
// $parameters; errors are *search.SyntaxError where it cannot be read.
func (n *Node) SaveSearch(ctx context.Context, caller string, s state.SavedSearch) error {
	if !searchName.MatchString(s.Name) {
		return fmt.Errorf("save search %.80q: %w", s.Name, ErrSearchName)
	}
	if _, err := search.Parameters(s.Query); err != nil {
		return err
	}
	s.By, s.Saved = caller, time.Now().UTC()
	err := n.Record(ctx, Act{
		Operation: "save-search", Caller: caller,
		Detail: fmt.Sprintf("search %s %q note %q", s.Name, s.Query, s.Note),
	})
	if err != nil {
		return err
	}
	return n.state.SaveSearch(ctx, s)
}

// DeleteSearch forgets a saved search and records it.
func (n *Node) DeleteSearch(ctx context.Context, caller, name string) error {
	was, err := n.state.Search(ctx, name)
	if err != nil {
		return err
	}
	err = n.Record(ctx, Act{
		Operation: "delete-search", Caller: caller, Detail: fmt.Sprintf("search %s %q", name, was.Query),
	})
	if err != nil {
		return err
	}
	return n.state.DeleteSearch(ctx, name)
}

// RunSearch reads a saved search with values for its parameters.
func (n *Node) RunSearch(ctx context.Context, name string, set map[string]string) (*search.Pipeline, error) {
	s, err := n.state.Search(ctx, name)
	if err != nil {
		return nil, err
	}
	if set == nil {
		set = map[string]string{}
	}
	names, err := search.Parameters(s.Query)
	if err != nil {
		return nil, fmt.Errorf("read saved search %s: %w", name, err)
	}
	for given := range set {
		if !slices.Contains(names, given) {
			return nil, fmt.Errorf("run saved search %s: %w: $%.40s; it has: %s", name, ErrParameter, given,
				strings.Join(names, ", "))
		}
	}
	for _, wanted := range names {
		if set[wanted] == "" {
			return nil, fmt.Errorf("run saved search %s: %w: $%s; give it a value", name, ErrParameter, wanted)
		}
	}
	return search.ParsePipeline(s.Query, search.Options{Set: set})
}

// ErrParameter is wrapped by errors about values of parameters.
var ErrParameter = errors.New("parameter missing or unknown")
