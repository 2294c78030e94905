package reconstruct

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/evident-sec/evident/internal/causal"
)

// edgeMargin is how close to the oldest event a story must begin for its cause to
// be sought before it.
const edgeMargin = 24 * time.Hour

// gapTime is how a gap writes a time.
const gapTime = "2006-01-02 15:04"

// oldest asks the events how far back they reach, where they know.
func (r *Reconstructor) oldest(ctx context.Context) (time.Time, error) {
	dated, ok := r.events.(Dated)
	if !ok {
		return time.Time{}, nil
	}
	at, err := dated.Oldest(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("ask for the oldest event: %w", err)
	}
	return at, nil
}

// reachGaps says where the search could not look: behind the oldest event kept,
// and beyond what was loaded.
func (w *writer) reachGaps(steps []step) []Gap {
	var out []Gap
	begin := w.seed.Time
	if from, _ := w.sp.Span(w.g); !from.IsZero() && from.Before(begin) {
		begin = from
	}
	hosts := w.hostNames()
	host := ""
	if len(hosts) > 0 {
		host = hosts[0]
	}
	if len(steps) > 0 && steps[0].Host != "" {
		host = steps[0].Host
	}
	if !w.oldest.IsZero() && begin.Sub(w.oldest) < edgeMargin {
		out = append(out, Gap{
			Kind: causal.GapKept, Host: host, From: w.oldest.UTC(), To: begin.UTC(),
			Text: fmt.Sprintf("The story begins %s, %s: what led to it may lie before.",
				after(begin.Sub(w.oldest)), w.oldest.UTC().Format(gapTime)),
			WouldClose: "Archives or backups with records of " + hostOr(host) + " before that time; " +
				"evident retention tells what was destroyed, and why",
			Query: causal.ControlQuery(host),
		})
	}
	if b := &w.sc.bones; b.cut {
		out = append(out, Gap{
			Kind: causal.GapBudget, Host: host, From: b.from.UTC(), To: b.to.UTC(),
			Text: fmt.Sprintf("Hosts that the incident did not reach were searched from %s to %s only, where "+
				"%d control records lie.", b.from.UTC().Format(gapTime), b.to.UTC().Format(gapTime), b.loaded),
			WouldClose: "A reconstruction with a higher limit for such records",
			Query:      causal.ControlQuery(host),
		})
	}
	if w.sc.truncated {
		out = append(out, Gap{
			Kind: causal.GapBudget, Host: host, From: w.sc.from.UTC(), To: w.sc.to.UTC(),
			Text: fmt.Sprintf("Loading stopped at %d events, %d rounds or %d events in the graphs made; later links "+
				"were not looked for.", w.sc.r.limits.Events, w.sc.r.limits.Rounds, 2*w.sc.r.limits.Events),
			WouldClose: "A reconstruction with a higher limit or a shorter window",
			Query:      causal.ControlQuery(host),
		})
	}
	return out
}

func hostOr(host string) string {
	if host == "" {
		return "the sources of the incident"
	}
	return host
}

// after says how far behind the oldest record a story begins.
func after(d time.Duration) string {
	if d = d.Round(time.Minute); d > 0 {
		return strings.TrimSuffix(d.String(), "0s") + " after the oldest record that is kept here"
	}
	return "at the oldest record that is kept here"
}
