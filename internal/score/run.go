package score

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/reconstruct"
)

// Config says what to score. Zero values take the defaults.
type Config struct {
	Labels     string // folder of label files
	Data       string // folder their logs are named from; "" finds it by the labels
	Recordings string // folder of further logs that fill up the interleaved clock
	Interleave int    // recordings on one clock, default 10; below 2 leaves it out
	Trials     int    // trials of deleted records for each seed, default 5; below 0 none
	Seed       uint64 // of everything left to chance, default 1
	Progress   func(string)
}

func (c Config) withDefaults() Config {
	if c.Interleave == 0 {
		c.Interleave = 10
	}
	if c.Trials == 0 {
		c.Trials = 5
	}
	if c.Seed == 0 {
		c.Seed = 1
	}
	if c.Progress == nil {
		c.Progress = func(string) {}
	}
	return c
}

// runner holds what the parts of one run share.
type runner struct {
	cfg      Config
	loader   *loader
	report   *Report
	rnd      *rand.Rand
	stores   map[string]*store // by the logs' paths
	inOrder  []string          // keys of stores
	campaign map[string][]*Campaign
}

// Run scores every campaign of a folder from every seed of its key.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	cfg = cfg.withDefaults()
	list, err := ReadLabels(cfg.Labels, cfg.Data)
	if err != nil {
		return nil, err
	}
	l, err := newLoader()
	if err != nil {
		return nil, err
	}
	r := &runner{
		cfg: cfg, loader: l, stores: map[string]*store{}, campaign: map[string][]*Campaign{},
		rnd:    rand.New(rand.NewPCG(cfg.Seed, 0)),
		report: &Report{Seed: cfg.Seed, CrossHost: CrossHost{Methods: map[string]int{}}},
	}
	for _, c := range list {
		if err := r.scoreCampaign(ctx, c); err != nil {
			return nil, fmt.Errorf("score %s: %w", c.Name, err)
		}
	}
	if cfg.Interleave > 1 {
		if err := r.interleave(ctx); err != nil {
			return nil, fmt.Errorf("interleave: %w", err)
		}
	}
	r.report.sum()
	if r.report.Total.Seeds == 0 {
		return nil, fmt.Errorf("score %s: %w: check file and event_line of the seeds", cfg.Labels,
			ErrNothing)
	}
	return r.report, nil
}

// logs returns the store of a campaign's logs, loading them once.
func (r *runner) logs(ctx context.Context, paths []string) (*store, string, error) {
	k := strings.Join(paths, "\n")
	if s := r.stores[k]; s != nil {
		return s, k, nil
	}
	s, err := r.loader.load(ctx, paths)
	if err != nil {
		return nil, "", err
	}
	r.stores[k] = s
	r.inOrder = append(r.inOrder, k)
	return s, k, nil
}

func (r *runner) scoreCampaign(ctx context.Context, c *Campaign) error {
	r.cfg.Progress("reading " + c.Name)
	s, where, err := r.logs(ctx, c.Paths)
	if err != nil {
		return err
	}
	first := len(r.campaign[where]) == 0
	r.campaign[where] = append(r.campaign[where], c)
	k, g := newKey(c, s), s.graph()
	out := CampaignScore{Name: c.Name, Events: len(s.events), Problems: s.problems}
	if first { // several campaigns of one set of logs share its logons
		truth := map[event.ID]string{}
		for _, l := range c.Logons {
			if id, ok := s.at(l.Record); ok {
				truth[id] = l.SourceGUID
			}
		}
		r.report.CrossHost.add(crossHost(g, truth))
	}
	rec, err := reconstruct.New(reconstruct.Deps{Events: s})
	if err != nil {
		return fmt.Errorf("create reconstructor: %w", err)
	}
	h := newHonesty(s)
	for _, sd := range c.Seeds {
		r.cfg.Progress(c.Name + ": " + sd.Name)
		id, ok := s.at(sd.Record)
		if !ok {
			out.Unknown = append(out.Unknown, sd.Name)
			continue
		}
		one, res, err := r.scoreSeed(ctx, rec, c, s, k, id)
		if err != nil {
			return err
		}
		one.Seed, one.Baselines = sd.Name, k.baselines(g, id)
		out.Seeds = append(out.Seeds, one)
		for range max(r.cfg.Trials, 0) {
			if err := h.delete(ctx, s, res, id, r.rnd); err != nil {
				return err
			}
		}
	}
	out.Honesty = h
	r.report.Campaigns = append(r.report.Campaigns, out)
	return nil
}

func (r *runner) scoreSeed(
	ctx context.Context, rec *reconstruct.Reconstructor, c *Campaign, s *store, k *key,
	id event.ID,
) (SeedScore, *reconstruct.Result, error) {
	start := time.Now()
	res, err := rec.Incident(ctx, id)
	if err != nil {
		return SeedScore{}, nil, fmt.Errorf("reconstruct: %w", err)
	}
	out := SeedScore{
		Took: time.Since(start), Processes: k.count(found(res)), Grade: res.Incident.Grade,
	}
	out.Story = compareStory(c, s, res)
	out.Considered, out.Kept = len(s.events), res.Incident.Kept
	out.Records = len(res.Incident.Members)
	out.Key = len(res.Steps)
	out.Gaps = len(res.Gaps)
	again, err := rec.Incident(ctx, id)
	if err != nil {
		return SeedScore{}, nil, fmt.Errorf("reconstruct again: %w", err)
	}
	out.Same = sameBytes(res, again)
	return out, res, nil
}

func sameBytes(a, b *reconstruct.Result) bool {
	x, errX := a.JSON()
	y, errY := b.JSON()
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// interleave scores every seed again among all recordings on one clock.
func (r *runner) interleave(ctx context.Context) error {
	labelled := slices.Clone(r.inOrder)
	if err := r.fill(ctx); err != nil {
		return err
	}
	var stores []*store
	for _, k := range r.inOrder {
		stores = append(stores, r.stores[k])
	}
	m := newMix(stores, r.rnd)
	rec, err := reconstruct.New(reconstruct.Deps{Events: m.all})
	if err != nil {
		return fmt.Errorf("create reconstructor: %w", err)
	}
	for i, where := range labelled {
		for _, c := range r.campaign[where] {
			m.report.Labelled++
			k := newKey(c, stores[i])
			for _, sd := range c.Seeds {
				id, ok := stores[i].at(sd.Record)
				if !ok {
					continue
				}
				r.cfg.Progress("interleaved: " + c.Name + ": " + sd.Name)
				one, err := m.scoreSeed(ctx, rec, i, k, id)
				if err != nil {
					return err
				}
				one.Campaign, one.Seed = c.Name, sd.Name
				m.report.Foreign += one.Foreign
				m.report.Seeds = append(m.report.Seeds, one)
			}
		}
	}
	r.report.Interleaved = &m.report
	return nil
}

// fill loads further recordings, drawn by lot, until there are enough; of the
// others it counts the network logons.
func (r *runner) fill(ctx context.Context) error {
	if r.cfg.Recordings == "" || len(r.inOrder) >= r.cfg.Interleave {
		return nil
	}
	var files []string
	err := filepath.WalkDir(r.cfg.Recordings, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.IsDir() && recording(path) && !r.used(path) {
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("list recordings: %w", err)
	}
	r.rnd.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
	for _, f := range files {
		r.cfg.Progress("reading " + f)
		if len(r.inOrder) >= r.cfg.Interleave {
			if err := r.countLogons(ctx, f); err != nil {
				return err
			}
			continue
		}
		s, k, err := r.logs(ctx, []string{f})
		if err != nil {
			return err
		}
		if len(s.events) == 0 { // nothing that tells time and host
			delete(r.stores, k)
			r.inOrder = r.inOrder[:len(r.inOrder)-1]
			continue
		}
		r.report.CrossHost.add(crossHost(s.graph(), nil))
		r.report.Filled = append(r.report.Filled, filepath.Base(f))
	}
	return nil
}

// countLogons reads a recording for its network logons only.
func (r *runner) countLogons(ctx context.Context, path string) error {
	s, err := r.loader.load(ctx, []string{path})
	if err != nil {
		return err
	}
	r.report.CrossHost.add(crossHost(s.graph(), nil))
	return nil
}

// recording reports whether a file may hold logs of its own.
func recording(path string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".zip", ".gz", ".tgz", ".evtx", ".jsonl", ".ndjson", ".log":
		return true
	}
	return false
}

func (r *runner) used(path string) bool {
	for _, list := range r.campaign {
		for _, c := range list {
			same := func(p string) bool { return filepath.Clean(p) == filepath.Clean(path) }
			if slices.ContainsFunc(c.Paths, same) {
				return true
			}
		}
	}
	return false
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func sortedProcesses(m map[processKey]Process) []processKey {
	keys := slices.Collect(maps.Keys(m))
	slices.SortFunc(keys, func(a, b processKey) int {
		if a.guid != b.guid {
			return strings.Compare(a.guid, b.guid)
		}
		return compareIDs(a.start, b.start)
	})
	return keys
}

// ErrNothing says that no seed of any label could be found in the logs.
var ErrNothing = errors.New("no seed found in the logs")
