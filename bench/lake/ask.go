package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/search"
)

// files shows the lake to the engine.
type files struct{ table *lake.Table }

func (f files) Snapshot(ctx context.Context, from, to time.Time) (search.Snapshot, error) {
	s, err := f.table.Snapshot(ctx, from, to)
	out := search.Snapshot{Through: s.Through}
	for _, f := range s.Files {
		out.Files = append(out.Files, search.File{
			Path: f.Path, Originals: f.Originals, From: f.From, To: f.To, Rows: f.Rows,
		})
	}
	return out, err
}

// question is one row of the table. Both sides say how many rows the answer has,
// or what was counted; peer is the same in LogsQL.
type question struct {
	name, target string
	ask          func() (int, error)
	peer         string
}

// measure asks everything, and the peer the same where its address is given.
func measure(ctx context.Context, dir string, runs int, p peer) error {
	table, err := openLake(ctx, dir, 0)
	if err != nil {
		return err
	}
	defer table.Close()
	engine, err := search.Open(ctx, search.Config{
		Dir: filepath.Join(dir, "search"), Lake: filepath.Join(dir, "lake"), Files: files{table},
		Originals: table.Originals(),
	})
	if err != nil {
		return err
	}
	defer engine.Close()
	columns, originals := sizes(table)
	s, total, err := choose(ctx, engine, table)
	if err != nil {
		return err
	}
	fmt.Printf("Stored: %.1f bytes an event in columns, %.1f in originals and salts, in %d files.\n\n",
		float64(columns)/float64(total), float64(originals)/float64(total), len(table.Files()))
	fmt.Printf("| question over %d events, 2 threads | rows | first | warm median | processor time "+
		"| target for 20 million |%s\n|---|---|---|---|---|---|%s\n", total,
		p.column(" VictoriaLogs: rows, warm median |"), p.column("---|"))
	asker := asker{ctx, engine, s}
	for _, q := range asker.questions() {
		if err := row(ctx, q, runs, p); err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
	}
	fmt.Printf("\nPeak memory of the searching process: %d MiB (target: 2 GB)%s. Load average: %s.\n",
		highWater("self"), p.memory(), load())
	return nil
}

// row asks one question and prints what came of it.
func row(ctx context.Context, q question, runs int, p peer) error {
	cpu := cpuTime()
	rows, first, warm, err := timed(q.ask, runs)
	cpu = (cpuTime() - cpu) / time.Duration(runs+1)
	if err != nil {
		return err
	}
	beside := ""
	if p.url != "" {
		n, _, took, err := timed(func() (int, error) { return p.ask(ctx, q.peer) }, runs)
		if err != nil {
			return fmt.Errorf("ask the peer: %w", err)
		}
		differs := ""
		if n != rows {
			differs = " (**differs**)"
		}
		beside = fmt.Sprintf(" %d%s, %.2f s |", n, differs, took.Seconds())
	}
	fmt.Printf("| %s | %d | %.2f s | %.2f s | %.2f s | %s |%s\n", q.name, rows, first.Seconds(),
		warm.Seconds(), cpu.Seconds(), q.target, beside)
	return nil
}

func (p peer) column(text string) string {
	if p.url == "" {
		return ""
	}
	return text
}

func (p peer) memory() string {
	if p.pid == 0 {
		return ""
	}
	return fmt.Sprintf(", of VictoriaLogs: %d MiB", highWater(fmt.Sprint(p.pid)))
}

func timed(ask func() (int, error), runs int) (rows int, first, warm time.Duration, err error) {
	var all []time.Duration
	for i := range runs + 1 {
		began := time.Now()
		if rows, err = ask(); err != nil {
			return rows, first, warm, err
		}
		if took := time.Since(began); i == 0 {
			first = took
		} else {
			all = append(all, took)
		}
	}
	slices.Sort(all)
	return rows, first, all[len(all)/2], nil
}

// sample is what the questions ask for: taken from an event in the middle, so
// that neither statistics of files nor luck answer.
type sample struct {
	process, user, host string
	from, to            time.Time // seven days around the event
}

// asker asks the engine.
type asker struct {
	ctx    context.Context
	engine *search.Engine
	sample
}

func (a asker) questions() []question {
	exact := func(field, text string) string { return `"` + field + `":=` + strconv.Quote(text) }
	week := "_time:[" + a.from.Format(time.RFC3339Nano) + ", " + a.to.Format(time.RFC3339Nano) + ") "
	all := fmt.Sprintf(" | limit %d", search.MaxLimit)
	return []question{
		{
			"one identifier, with its original bytes", "0.5 s",
			a.newest("process.uid:" + search.Quote(a.process)),
			exact("process.uid", a.process) + newestFirst,
		},
		{
			"all events of one user over 7 days, with originals", "1 s",
			a.week("actor.user.name:" + search.Quote(a.user)), week + exact("actor.user.name", a.user) + all,
		},
		{
			"all events of one host over 7 days, with originals", "1 s",
			a.week("device.hostname:" + search.Quote(a.host)), week + exact("device.hostname", a.host) + all,
		},
		{
			"substring of command lines, everything, counted", "5 s",
			a.count("process.cmd_line:*svchost*"), `"process.cmd_line":~"(?i)svchost" ` + countAll,
		},
		{
			"two substrings of command lines, everything, counted", "5 s",
			a.count("process.cmd_line:*powershell* process.cmd_line:*-enc*"),
			`"process.cmd_line":~"(?i)powershell" "process.cmd_line":~"(?i)-enc" ` + countAll,
		},
		{"top 3 programs by user and hour, one day", "0.5 s", a.topPrograms(), a.peerPrograms()},
		{"latest 100, with originals", "0.3 s", a.newest("*"), "*" + newestFirst},
		{
			"count by host, everything", "", a.table("* | count by device.hostname | head 20"),
			`* | stats by ("device.hostname") count() as n | sort by (n desc) limit 20`,
		},
		{
			"timechart by class, everything", "", a.table("* | timechart span=1h count by class_name | head 1000"),
			`* | stats by (_time:1h, "class_name") count() as n | limit 1000`,
		},
	}
}

const newestFirst = " | sort by (_time desc) limit 100"

func (a asker) rows(query string, limit int, from, to time.Time) func() (int, error) {
	return func() (int, error) {
		q, err := search.ParseOwn(query)
		if err != nil {
			return 0, err
		}
		res, err := a.engine.Search(a.ctx, search.Request{
			Query: q, Raw: true, Limit: limit, From: from, To: to,
		})
		if err != nil {
			return 0, err
		}
		for _, r := range res.Rows {
			if len(r.Raw) == 0 {
				return 0, fmt.Errorf("event %s came without its original bytes", r.ID)
			}
		}
		return len(res.Rows), nil
	}
}

func (a asker) newest(query string) func() (int, error) {
	return a.rows(query, 100, time.Time{}, time.Time{})
}

func (a asker) week(query string) func() (int, error) {
	return a.rows(query, search.MaxLimit, a.from, a.to)
}

func (a asker) count(query string) func() (int, error) {
	return func() (int, error) {
		q, err := search.ParseOwn(query)
		if err != nil {
			return 0, err
		}
		n, exact, err := a.engine.Count(a.ctx, search.Request{Query: q, CountFor: time.Minute})
		if err == nil && !exact {
			err = errors.New("not counted to the end")
		}
		return int(n), err
	}
}

func (a asker) day() time.Time { return a.from.Add(84 * time.Hour).Truncate(24 * time.Hour) }

// topPrograms counts the rows of the answer, which has more than one page.
func (a asker) topPrograms() func() (int, error) {
	return func() (int, error) {
		t, err := a.engine.SQL(a.ctx, search.SQLRequest{
			Text: `SELECT count(*) FROM (SELECT date_trunc('hour', time) AS h, actor_user_name AS who,
				process_file_name AS program, count(*) AS n FROM events
				WHERE process_file_name IS NOT NULL GROUP BY 1, 2, 3
				QUALIFY row_number() OVER (PARTITION BY h, who ORDER BY n DESC, program) <= 3)`,
			From: a.day(), To: a.day().Add(24 * time.Hour),
		})
		if err != nil {
			return 0, err
		}
		n, _ := t.Rows[0][0].(int64)
		return int(n), nil
	}
}

func (a asker) peerPrograms() string {
	return "_time:" + a.day().Format("2006-01-02") + ` "process.file.name":* ` +
		`| stats by (_time:1h, "actor.user.name", "process.file.name") count() as n ` +
		`| sort by (n desc, "process.file.name") partition by (_time, "actor.user.name") limit 3 ` + countAll
}

func (a asker) table(text string) func() (int, error) {
	return func() (int, error) {
		pl, err := search.ParsePipeline(text, search.Options{})
		if err != nil {
			return 0, err
		}
		t, err := a.engine.Table(a.ctx, search.TableRequest{Pipeline: pl, Limit: search.MaxLimit}, nil)
		if err != nil {
			return 0, err
		}
		return len(t.Rows), nil
	}
}

// choose picks an event with a process, a person and a host in the middle of
// the time that the lake covers.
func choose(ctx context.Context, e *search.Engine, table *lake.Table) (s sample, total int64, err error) {
	var from, to time.Time
	for i, f := range table.Files() {
		if total += f.Rows; i == 0 || f.From.Before(from) {
			from = f.From
		}
		if f.To.After(to) {
			to = f.To
		}
	}
	q, err := search.Parse("process.uid:* actor.user.name:* device.hostname:*")
	if err != nil {
		return s, total, err
	}
	middle := from.Add(to.Sub(from) / 2).Truncate(24 * time.Hour).Add(10 * time.Hour) // people work
	res, err := e.Search(ctx, search.Request{Query: q, Limit: 5000, Oldest: true, From: middle, CountFor: -1})
	if err != nil {
		return s, total, err
	}
	for _, row := range res.Rows {
		if user := row.Attrs.Get(event.AttrActorUser); person(user) {
			s = sample{
				row.Attrs.Get(event.AttrProcessUID), user, row.Attrs.Get(event.AttrHost),
				row.Time.Add(-84 * time.Hour), row.Time.Add(84 * time.Hour),
			}
		}
	}
	if s.process == "" {
		return s, total, errors.New("no event to ask for in the middle of the lake")
	}
	return s, total, nil
}

// person reports whether an account of the simulation is one of a person, not of
// a system or a service.
func person(user string) bool {
	return user != "" && user == strings.ToLower(user) && !strings.HasPrefix(user, "root") &&
		!strings.HasPrefix(user, "svc-")
}
