package api

import (
	"context"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/evident-sec/evident/internal/node"
)

type sourceBody struct {
	Name        string    `json:"name"`
	Product     string    `json:"product"`
	HostCount   int       `json:"host_count"`
	Events      int64     `json:"events"`
	First       time.Time `json:"first"`
	Last        time.Time `json:"last"`
	AgeS        float64   `json:"age_s"` // behind the newest event of all sources
	State       string    `json:"state"`
	DeadLetters int64     `json:"dead_letters"`
}

// sources merges the hosts of each log source.
func (a *API) sources(ctx context.Context) ([]*sourceBody, error) {
	rows, err := a.node.State().Sources(ctx)
	if err != nil {
		return nil, err
	}
	out := []*sourceBody{}
	byName := make(map[string]*sourceBody)
	var newest time.Time
	for _, f := range rows {
		s := byName[f.Name]
		if s == nil {
			product, _, _ := strings.Cut(f.Name, "/")
			s = &sourceBody{Name: f.Name, Product: product, First: f.First, Last: f.Last}
			byName[f.Name] = s
			out = append(out, s)
		}
		s.HostCount++
		s.Events += f.Events
		s.DeadLetters += f.Dead
		if f.First.Before(s.First) {
			s.First = f.First
		}
		if f.Last.After(s.Last) {
			s.Last = f.Last
		}
		if f.Last.After(newest) && f.Name != node.OwnSource {
			newest = f.Last
		}
	}
	for _, s := range out {
		s.AgeS, s.State = newest.Sub(s.Last).Seconds(), "reporting"
		s.AgeS = max(s.AgeS, 0)
		if newest.Sub(s.Last) >= node.SilentAfter {
			s.State = "silent"
		}
		if s.DeadLetters > 0 && s.DeadLetters == s.Events {
			s.State = "unparsed"
		}
	}
	return out, nil
}

type stage struct {
	Name   string `json:"name"`
	State  string `json:"state"`
	Value  string `json:"value"`
	Detail string `json:"detail"`
}

// health answers GET health.
func (a *API) health(ctx context.Context, _ *http.Request) (any, error) {
	s, err := a.node.Overall(ctx)
	if err != nil {
		return nil, err
	}
	sources, err := a.sources(ctx)
	if err != nil {
		return nil, err
	}
	dead, _, err := a.node.State().DeadLetters(ctx, 200)
	if err != nil {
		return nil, err
	}
	letters := make([]map[string]any, len(dead))
	for i, d := range dead {
		letters[i] = map[string]any{
			"uid": d.Event.String(), "source": d.Source, "position": d.Position, "reason": d.Reason,
		}
	}
	return map[string]any{
		"stages": a.stages(s), "sources": sources, "dead_letters": letters,
		"rejected_rules": a.node.RejectedRules(), "storage": a.node.Storage(),
		"process": map[string]any{
			"rss_bytes": residentBytes(), "uptime_s": time.Since(a.started).Seconds(),
			"version": a.cfg.Version, "go": runtime.Version(),
		},
	}, nil
}

func (a *API) stages(s *node.Overall) []stage {
	state := func(ok bool) string {
		if ok {
			return "ok"
		}
		return "warn"
	}
	n := func(v uint64) string { return strconv.FormatUint(v, 10) }
	out := []stage{
		{
			"Source", state(s.Sources.Reporting == s.Sources.Total),
			strconv.Itoa(s.Sources.Reporting) + " of " + strconv.Itoa(s.Sources.Total), "reporting",
		},
		{"Journal", "ok", n(s.Journal.Last), "entries, synced before the reply"},
		{
			"Pipeline", state(s.Pipeline.LagMS < 2000), strconv.FormatInt(s.Pipeline.LagMS, 10) + " ms",
			"lag, " + strconv.Itoa(s.Rules.Loaded) + " rules",
		},
		{"Lake", "ok", strconv.Itoa(s.Lake.Files) + " files", strconv.FormatInt(s.Lake.Events, 10) + " events"},
		{
			"Ledger", map[string]string{"intact": "ok", "behind": "ok"}[s.Ledger.State], n(s.Ledger.Sealed),
			"entries under a signed checkpoint",
		},
		{"Dead letters", state(s.DeadLetters == 0), strconv.Itoa(s.DeadLetters), "journaled, not parsed"},
	}
	out = append(out, a.rulesStage(), witnessStage(s.Ledger.Witness))
	if out[4].State == "" {
		out[4].State = "fail"
	}
	if a.node.Err() != nil {
		out[2].State, out[2].Detail = "fail", a.node.Err().Error()
	}
	return out
}

// rulesStage says whether the rules that judge are those that were meant to.
func (a *API) rulesStage() stage {
	s := a.node.RulesStatus()
	out := stage{
		"Rules", "ok", strconv.Itoa(s.Rules+s.Correlations) + " rules",
		"plan " + s.Plan[:min(len(s.Plan), 8)] + ", " + strconv.Itoa(s.Rejected) + " rejected",
	}
	if r := s.LastReload; r != nil && r.Result == node.ReloadRefused {
		out.State, out.Detail = "warn", "the old ones judge on: "+r.Reason
	}
	return out
}

// residentBytes reads the resident set size; 0 where the system does not tell.
func residentBytes() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

// verify answers POST verify.
func (a *API) verify(ctx context.Context, _ *http.Request) (any, error) {
	err := a.node.Record(ctx, node.Act{Operation: "verify", Caller: CallerFrom(ctx).ID})
	if err != nil {
		return nil, err
	}
	return a.node.Verify(ctx, nil)
}

// metrics collects what Prometheus scrapes.
func (a *API) metrics() *prometheus.Registry {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(
		collectors.ProcessCollectorOpts{}))
	gauge := func(name, help string, value func(*node.Overall) float64) {
		reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: "evident", Name: name, Help: help,
		}, func() float64 {
			s, err := a.node.Overall(context.Background())
			if err != nil {
				return -1
			}
			return value(s)
		}))
	}
	gauge("journal_entries", "Entries acknowledged.", func(s *node.Overall) float64 { return float64(s.Journal.Last) })
	gauge("ledger_sealed_entries", "Entries under a signed checkpoint.",
		func(s *node.Overall) float64 { return float64(s.Ledger.Sealed) })
	gauge("ledger_cosigned_entries", "Entries that a quorum of witnesses cosigned; -1 without witnesses.",
		func(s *node.Overall) float64 { return float64(witnessed(s.Ledger.Witness)) })
	gauge("witness_alarms", "Witnesses that contradict the ledger.",
		func(s *node.Overall) float64 { return float64(witnessAlarms(s.Ledger.Witness)) })
	gauge("pipeline_through_entry", "Last entry that is searchable.",
		func(s *node.Overall) float64 { return float64(s.Pipeline.Through) })
	gauge("pipeline_lag_seconds", "How far processing is behind.",
		func(s *node.Overall) float64 { return float64(s.Pipeline.LagMS) / 1000 })
	gauge("lake_events", "Events in Parquet.", func(s *node.Overall) float64 { return float64(s.Lake.Events) })
	gauge("lake_bytes", "Bytes in Parquet.", func(s *node.Overall) float64 { return float64(s.Lake.Bytes) })
	gauge("dead_letters", "Records that could not be decoded.",
		func(s *node.Overall) float64 { return float64(s.DeadLetters) })
	gauge("rules_loaded", "Rules that judge.", func(s *node.Overall) float64 { return float64(s.Rules.Loaded) })
	gauge("rules_refused", "1 while changed rules are not used and the old ones judge on.",
		func(*node.Overall) float64 {
			if r := a.node.RulesStatus().LastReload; r != nil && r.Result == node.ReloadRefused {
				return 1
			}
			return 0
		})
	gauge("correlation_groups", "Groups that correlations keep.",
		func(s *node.Overall) float64 { return float64(s.Windows.Groups) })
	gauge("correlation_late", "Events that came later than correlations wait.",
		func(s *node.Overall) float64 { return float64(s.Windows.Late) })
	gauge("correlation_lost", "Groups, hits and timelines that correlations had no room for.",
		func(s *node.Overall) float64 {
			return float64(s.Windows.Evicted + s.Windows.Dropped + s.Windows.Replaced)
		})
	gauge("sources_reporting", "Sources that delivered lately.",
		func(s *node.Overall) float64 { return float64(s.Sources.Reporting) })
	return reg
}
