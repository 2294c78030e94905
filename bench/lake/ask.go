package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
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

// question is one row of the table: it returns how many rows the answer has.
type question struct {
	name, target string
	ask          func() (int, error)
}

func measure(ctx context.Context, dir string, runs int) error {
	table, err := lake.Open(ctx, lake.Config{Dir: filepath.Join(dir, "lake")})
	if err != nil {
		return err
	}
	defer table.Close()
	engine, err := search.Open(ctx, search.Config{
		Dir: filepath.Join(dir, "search"), Lake: filepath.Join(dir, "lake"), Files: files{table},
	})
	if err != nil {
		return err
	}
	defer engine.Close()
	asked, total, err := questions(ctx, engine, table)
	if err != nil {
		return err
	}
	fmt.Printf("| question over %d events in %d files, 2 threads | rows | first | warm median | CPU "+
		"| target for 20 million |\n|---|---|---|---|---|---|\n",
		total, len(table.Files()))
	for _, q := range asked {
		cpu := cpuTime()
		rows, first, warm, err := timed(q, runs)
		cpu = (cpuTime() - cpu) / time.Duration(runs+1)
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		fmt.Printf("| %s | %d | %.2f s | %.2f s | %.2f s | %s |\n", q.name, rows, first.Seconds(),
			warm.Seconds(), cpu.Seconds(), q.target)
	}
	fmt.Printf("\nPeak memory of the searching process: %d MiB (target: 2 GB). Load average: %s.\n", highWater(), load())
	return nil
}

func timed(q question, runs int) (rows int, first, warm time.Duration, err error) {
	var all []time.Duration
	for i := range runs + 1 {
		began := time.Now()
		if rows, err = q.ask(); err != nil {
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

func questions(ctx context.Context, e *search.Engine, table *lake.Table) ([]question, int64, error) {
	s, total, err := choose(ctx, e, table)
	if err != nil {
		return nil, 0, err
	}
	rows := func(query string, limit int, from, to time.Time) func() (int, error) {
		return func() (int, error) {
			q, err := search.ParseOwn(query)
			if err != nil {
				return 0, err
			}
			res, err := e.Search(ctx, search.Request{Query: q, Raw: true, Limit: limit, From: from, To: to})
			if err != nil {
				return 0, err
			}
			return len(res.Rows), nil
		}
	}
	newest := func(query string) func() (int, error) {
		return rows(query, 100, time.Time{}, time.Time{})
	}
	week := func(query string) func() (int, error) { return rows(query, search.MaxLimit, s.from, s.to) }
	count := func(query string) func() (int, error) {
		return func() (int, error) {
			q, err := search.ParseOwn(query)
			if err != nil {
				return 0, err
			}
			n, exact, err := e.Count(ctx, search.Request{Query: q, CountFor: time.Minute})
			if err == nil && !exact {
				err = errors.New("not counted to the end")
			}
			return int(n), err
		}
	}
	return []question{
		{"one identifier, with its original bytes", "0.5 s", newest("process.uid:" + search.Quote(s.process))},
		{"all events of one user over 7 days, with originals", "1 s", week("actor.user.name:" + search.Quote(s.user))},
		{"all events of one host over 7 days, with originals", "1 s", week("device.hostname:" + search.Quote(s.host))},
		{"substring on command lines, everything, counted", "5 s", count("process.cmd_line:*svchost*")},
		{
			"two substrings on command lines, everything, counted", "5 s",
			count("process.cmd_line:*powershell* process.cmd_line:*-enc*"),
		},
		{"top 3 programs per user per hour over a day", "0.5 s", topPrograms(ctx, e, s)},
		{"latest 100, with originals", "0.3 s", newest("*")},
		{"count by host over everything", "", counted(ctx, e, "* | count by device.hostname | head 20")},
		{
			"timechart by class over everything", "",
			counted(ctx, e, "* | timechart span=1h count by class_name | head 1000"),
		},
	}, total, nil
}

func topPrograms(ctx context.Context, e *search.Engine, s sample) func() (int, error) {
	day := s.from.Add(84 * time.Hour).Truncate(24 * time.Hour)
	return func() (int, error) {
		t, err := e.SQL(ctx, search.SQLRequest{
			Text: `SELECT date_trunc('hour', time) AS h, actor_user_name AS who, process_file_name AS program, count(*) AS n
				FROM events WHERE process_file_name IS NOT NULL GROUP BY 1, 2, 3
				QUALIFY row_number() OVER (PARTITION BY h, who ORDER BY n DESC, program) <= 3`,
			From: day, To: day.Add(24 * time.Hour), Limit: search.MaxLimit,
		})
		if err != nil {
			return 0, err
		}
		return len(t.Rows), nil
	}
}

func counted(ctx context.Context, e *search.Engine, text string) func() (int, error) {
	return func() (int, error) {
		pl, err := search.ParsePipeline(text, search.Options{})
		if err != nil {
			return 0, err
		}
		t, err := e.Table(ctx, search.TableRequest{Pipeline: pl, Limit: search.MaxLimit}, nil)
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
	middle := from.Add(to.Sub(from) / 2)
	res, err := e.Search(ctx, search.Request{Query: q, Limit: 200, Oldest: true, From: middle, CountFor: -1})
	if err != nil {
		return s, total, err
	}
	for _, row := range res.Rows {
		if user := row.Attrs.Get(event.AttrActorUser); len(user) > 0 && user[0] != 'S' {
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
