package searchcmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/instant"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/search"
)

// Instant is a flag for a point in time: RFC 3339, a date, or -24h.
type Instant struct{ time.Time }

// UnmarshalText reads the flag.
func (i *Instant) UnmarshalText(text []byte) (err error) {
	i.Time, err = instant.At(string(text), time.Now().UTC())
	return err
}

// window is the flags that bound a reading.
type window struct {
	From      Instant       `placeholder:"T" help:"From this time: RFC 3339, a date, or --from=-24h."`
	To        Instant       `placeholder:"T" help:"Before this time."`
	TimeLimit time.Duration `default:"10m" help:"Give up after this long."`
}

// within bounds the command's time.
func (w *window) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, w.TimeLimit, search.ErrTime)
}

// Search is the command "search".
type Search struct {
	console.DataFlag
	window
	Limit    int               `default:"100" help:"At most this many rows."`
	Format   string            `enum:"table,json,csv" default:"table" help:"table, json (one object a line) or csv."`
	JSON     bool              `help:"Short for --format json."`
	SQL      bool              `name:"sql" help:"The query is one SELECT over the view events; see docs/sql.md."`
	Save     string            `placeholder:"NAME" help:"Keep the query under this name instead of running it; $word in it is a parameter."`
	Note     string            `help:"With --save: what it is for."`
	RunSaved string            `name:"run" placeholder:"NAME" help:"Run a saved search."`
	Set      map[string]string `placeholder:"NAME=VALUE" mapsep:"none" help:"With --run: the value of a parameter; may be repeated."`
	Saved    bool              `help:"List the saved searches."`
	Forget   string            `placeholder:"NAME" help:"Delete a saved search."`
	Query    string            `arg:"" optional:"" help:"Query; see docs/query-language.md."`
}

// Help shows examples.
func (Search) Help() string {
	return `Example:
  evident search --data /tmp/case1 'process.cmd_line:*lsass* AND device.hostname:ws-*'
  evident search --data /tmp/case1 --from=-24h 'class_uid:3002 | count by user.name | head 10'
  evident search --data /tmp/case1 --save logons 'class_uid:3002 user.name:$user | timechart span=1h count'
  evident search --data /tmp/case1 --run logons --set user=alice
  evident search --data /tmp/case1 --sql 'SELECT device_hostname, count(*) FROM events GROUP BY ALL'`
}

// Run does what the flags say.
func (c *Search) Run(e *console.Env) error {
	if c.JSON {
		c.Format = "json"
	}
	if err := c.oneTask(); err != nil {
		return err
	}
	pl, err := c.parse()
	if err != nil {
		return err
	}
	n, err := node.Open(e.Context, node.Config{
		Dir: c.Dir(), Command: "evident search", Reader: true, Log: e.Log,
	})
	if err != nil {
		return err
	}
	defer n.Close()
	switch {
	case c.Saved:
		return c.list(e, n)
	case c.Save != "":
		return c.save(e, n)
	case c.Forget != "":
		return n.DeleteSearch(e.Context, console.SystemCaller(), c.Forget)
	}
	if err := n.CatchUp(e.Context); err != nil {
		return err
	}
	ctx, cancel := c.within(e.Context)
	defer cancel()
	if c.SQL {
		return c.ask(ctx, e, n)
	}
	if c.RunSaved != "" {
		if pl, err = n.RunSearch(ctx, c.RunSaved, c.Set); err != nil {
			return queryError("", err)
		}
	}
	return c.search(ctx, e, n, pl)
}

// oneTask refuses flags that do not go together.
func (c *Search) oneTask() error {
	tasks := 0
	for _, set := range []bool{c.Save != "", c.RunSaved != "", c.Saved, c.Forget != "", c.SQL} {
		if set {
			tasks++
		}
	}
	switch {
	case tasks > 1:
		return errors.New("choose one of --save, --run, --saved, --forget and --sql")
	case len(c.Set) > 0 && c.RunSaved == "":
		return errors.New("--set gives values to a saved search: add --run NAME")
	case c.Query != "" && (c.RunSaved != "" || c.Saved || c.Forget != ""):
		return errors.New("leave the query out: the search is named")
	case c.Query == "" && c.RunSaved == "" && !c.Saved && c.Forget == "":
		return errors.New("the query is missing; '*' is every event")
	}
	return nil
}

// parse reads the query before anything is opened.
func (c *Search) parse() (*search.Pipeline, error) {
	if c.SQL || c.RunSaved != "" || c.Saved || c.Forget != "" {
		return nil, nil
	}
	if c.Save != "" {
		_, err := search.Parameters(c.Query)
		return nil, queryError(c.Query, err)
	}
	pl, err := search.ParsePipeline(c.Query, search.Options{})
	return pl, queryError(c.Query, err)
}

func (c *Search) search(ctx context.Context, e *console.Env, n *node.Node, pl *search.Pipeline) error {
	if pl.Piped() {
		bar := console.NewBar(e.Stderr, "search")
		t, err := n.Table(ctx, console.SystemCaller(), search.TableRequest{
			Pipeline: pl, From: c.From.Time, To: c.To.Time, Limit: c.Limit,
		}, func(p search.Progress) error {
			bar.Set(int64(p.Done), int64(p.Total), "")
			return nil
		})
		bar.Clear()
		if err != nil {
			return err
		}
		return c.printTable(e, t)
	}
	result, err := n.Search(ctx, console.SystemCaller(), search.Request{
		Query: pl.Query, From: c.From.Time, To: c.To.Time, Limit: c.Limit,
	})
	if err != nil {
		return err
	}
	return c.printEvents(e, result)
}

func (c *Search) ask(ctx context.Context, e *console.Env, n *node.Node) error {
	t, err := n.SQL(ctx, console.SystemCaller(), search.SQLRequest{
		Text: c.Query, From: c.From.Time, To: c.To.Time, Limit: c.Limit,
	})
	if err != nil {
		return err
	}
	return c.printTable(e, t)
}

// queryError says what is wrong with a query and where.
func queryError(query string, err error) error {
	var syntax *search.SyntaxError
	if !errors.As(err, &syntax) {
		return err
	}
	text := fmt.Sprintf("read query: %s at byte %d", syntax.Message, syntax.Offset)
	if at := near(query, syntax.Offset, syntax.Length); at != "" {
		text += fmt.Sprintf(", near %q", console.Plain(at))
	}
	if syntax.Hint != "" {
		text += "; " + syntax.Hint
	}
	return errors.New(text)
}

func near(query string, offset, length int) string {
	from := min(max(offset, 0), len(query))
	to := min(from+max(length, 12), len(query))
	return query[from:to]
}
