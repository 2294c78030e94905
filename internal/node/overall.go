package node

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/evident-sec/evident/internal/state"
	"github.com/evident-sec/evident/proof"
)

// Overall is where every part of a node stands; it is what the status of the
// API shows.
type Overall struct {
	Ledger      LedgerStatus   `json:"ledger"`
	Journal     JournalStatus  `json:"journal"`
	Pipeline    PipelineStatus `json:"pipeline"`
	Lake        LakeStatus     `json:"lake"`
	Hot         HotStatus      `json:"hot"`
	DeadLetters int            `json:"dead_letters"`
	Sources     SourceCount    `json:"sources"`
	Rules       RuleCount      `json:"rules"`
	Windows     WindowStatus   `json:"-"` // for monitors
	Data        DataRange      `json:"data"`
}

// LedgerStatus says what is under a signed checkpoint.
type LedgerStatus struct {
	Entries        uint64      `json:"entries"` // journaled
	Sealed         uint64      `json:"sealed"`  // under the checkpoint
	Root           string      `json:"root"`    // hex
	Origin         string      `json:"origin"`
	VerifierKey    string      `json:"verifier_key"`
	CheckpointTime time.Time   `json:"checkpoint_time"`
	State          string      `json:"state"` // intact, behind or failed
	LastVerify     *LastVerify `json:"last_verify"`
	Witness        *Witnesses  `json:"witness,omitempty"` // nil where none are configured
}

// LastVerify is the newest verification of the whole store.
type LastVerify struct {
	Time     time.Time `json:"time"`
	OK       bool      `json:"ok"`
	Entries  uint64    `json:"entries"`
	Failures int       `json:"failures"`
}

// JournalStatus says how far senders are acknowledged.
type JournalStatus struct {
	Last  uint64 `json:"last"`        // entries
	Acked int64  `json:"acked_total"` // records
}

// PipelineStatus says how far records are processed.
type PipelineStatus struct {
	Through uint64  `json:"through"`
	LagMS   int64   `json:"lag_ms"`
	Rate    float64 `json:"events_per_s"`
}

// WindowStatus says what the windows of correlations hold, and what they had to
// do without since the start.
type WindowStatus struct {
	Groups   int64 // kept now
	Alerts   int64
	Late     int64 // events later than allowed, put in another timeline
	Evicted  int64 // groups that went for lack of room
	Dropped  int64 // hits of an only group that went for lack of room
	Replaced int64 // timelines that went because a group had four others
}

// LakeStatus says what is in Parquet.
type LakeStatus struct {
	Files   int    `json:"files"`
	Events  int64  `json:"events"`
	Bytes   int64  `json:"bytes"`
	Through uint64 `json:"through"`
}

// HotStatus says what is searchable but not in Parquet yet.
type HotStatus struct {
	Events int `json:"events"`
}

// SourceCount says how many sources delivered lately, of all that ever did.
type SourceCount struct {
	Reporting int `json:"reporting"`
	Total     int `json:"total"`
}

// RuleCount says how many rules judge.
type RuleCount struct {
	Loaded   int `json:"loaded"`
	Rejected int `json:"rejected"`
}

func (n *Node) ruleCount() RuleCount {
	set := n.book.Load().set
	return RuleCount{Loaded: len(set.Rules), Rejected: len(set.Rejected)}
}

func (n *Node) windowStatus() WindowStatus {
	s := n.pipe.Correlations()
	return WindowStatus{
		Groups: s.Groups, Alerts: s.Alerts, Late: s.Late,
		Evicted: s.Evicted, Dropped: s.Dropped, Replaced: s.Replaced,
	}
}

// DataRange is the span of event times and how many events there are.
type DataRange struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Events int64     `json:"events"`
}

// SilentAfter is how long a source may deliver nothing before it counts as
// silent, measured against the newest event of all sources: in a demo or an
// old case nothing is newer than the data.
const SilentAfter = 24 * time.Hour

// behindAfter is how old the checkpoint may be while entries wait for it.
const behindAfter = 5 * time.Second

// Overall collects where every part stands.
func (n *Node) Overall(ctx context.Context) (*Overall, error) {
	_, last, err := n.journal.Bounds(ctx)
	if err != nil {
		return nil, fmt.Errorf("read journal bounds: %w", err)
	}
	snapshot, err := n.lake.Snapshot(ctx, time.Time{}, time.Time{})
	if err != nil {
		return nil, err
	}
	sources, err := n.state.Sources(ctx)
	if err != nil {
		return nil, err
	}
	_, dead, err := n.state.DeadLetters(ctx, 0)
	if err != nil {
		return nil, err
	}
	out := &Overall{
		Journal:  JournalStatus{Last: last},
		Pipeline: n.progress(last),
		Lake:     LakeStatus{Files: len(snapshot.Files), Events: snapshot.Events, Through: snapshot.Through},
		Hot:      HotStatus{Events: n.lake.Pending()}, DeadLetters: dead,
		Rules: n.ruleCount(), Windows: n.windowStatus(),
	}
	for _, f := range snapshot.Files {
		out.Lake.Bytes += f.Bytes + f.OriginalsBytes
	}
	out.Sources, out.Data = summarise(sources)
	for _, s := range sources {
		out.Journal.Acked += s.Events
	}
	if out.Ledger, err = n.ledgerStatus(ctx, last); err != nil {
		return nil, err
	}
	return out, nil
}

// OwnSource marks Evident's records of what people read. They are records like any
// other, but neither a source that somebody watches nor part of the span that
// a case covers.
const OwnSource = "evident/audit"

func summarise(all []state.Freshness) (count SourceCount, data DataRange) {
	sources := slices.DeleteFunc(slices.Clone(all), func(f state.Freshness) bool { return f.Name == OwnSource })
	for i, s := range sources {
		if i == 0 || s.First.Before(data.From) {
			data.From = s.First
		}
		if s.Last.After(data.To) {
			data.To = s.Last
		}
		data.Events += s.Events
	}
	freshest := make(map[string]time.Time)
	for _, s := range sources {
		if s.Last.After(freshest[s.Name]) {
			freshest[s.Name] = s.Last
		}
	}
	count.Total = len(freshest)
	for _, last := range freshest {
		if data.To.Sub(last) < SilentAfter {
			count.Reporting++
		}
	}
	return count, data
}

func (n *Node) progress(last uint64) PipelineStatus {
	s := n.Status()
	out := PipelineStatus{Through: s.Through, Rate: n.rate.at(time.Now(), s.Events)}
	if s.Through < last && !s.Arrived.IsZero() {
		out.LagMS = time.Since(s.Arrived).Milliseconds()
	}
	return out
}

func (n *Node) ledgerStatus(ctx context.Context, last uint64) (LedgerStatus, error) {
	out := LedgerStatus{
		Entries: last, Sealed: n.ledger.Sealed(), VerifierKey: n.ledger.VerifierKey(), State: "intact",
	}
	if signed, err := n.ledger.Checkpoint(ctx); err == nil {
		c, err := proof.ParseCheckpoint(signed, note.VerifierList(n.ledger.Verifier()))
		if err != nil {
			out.State = "failed"
		}
		out.Origin, out.Root = c.Origin, hex.EncodeToString(c.Root[:])
		out.CheckpointTime = n.ledger.CheckpointTime()
	}
	// A new entry waits for the next checkpoint; that is not being behind.
	if out.Sealed < last && time.Since(out.CheckpointTime) > behindAfter && out.State == "intact" {
		out.State = "behind"
	}
	out.Witness = n.witnesses(out.Sealed)
	at, body, err := n.state.LastVerification(ctx)
	if errors.Is(err, state.ErrNotFound) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	var v Verification
	if err := json.Unmarshal(body, &v); err != nil {
		return out, fmt.Errorf("read last verification: %w", err)
	}
	out.LastVerify = &LastVerify{Time: at, OK: v.OK, Entries: v.Entries, Failures: len(v.Failures)}
	if !v.OK {
		out.State = "failed"
	}
	return out, nil
}
