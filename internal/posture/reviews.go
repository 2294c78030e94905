package posture

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/evident-sec/evident/exposure/review"
	"github.com/evident-sec/evident/register"
)

// Bounds on the proposals that are reviewed for a list.
const (
	maxProposals = 100
	maxReviews   = 300 // remembered; older ones are reviewed again
)

// Reviews lists the proposals with what their review comes to.
type Reviews struct {
	Standing Standing        `json:"standing"`
	Reviews  []ReviewSummary `json:"reviews"`
	More     int             `json:"more"` // proposals that are not listed
}

// ReviewSummary is a review in numbers.
type ReviewSummary struct {
	ID        string        `json:"id"` // name of the proposal's folder
	Label     string        `json:"label"`
	Kind      string        `json:"kind"`
	Summary   string        `json:"summary"`
	Requester string        `json:"requester,omitempty"`
	Result    review.Result `json:"result"` // "" where the proposal cannot be read
	Problem   string        `json:"problem,omitempty"`
	Day       string        `json:"day"`
	Base      string        `json:"base_sha256"`
	Next      string        `json:"next_sha256"`
	Report    string        `json:"report_sha256"`
	Added     int           `json:"added"`
	Replaced  int           `json:"replaced"`
	Removed   int           `json:"removed"`
	Asked     Effect        `json:"asked"` // as proposed
	Met       Effect        `json:"met"`   // with all conditions met
	Records   int64         `json:"records"`
	ForLife   int           `json:"for_life"`
	Conds     int           `json:"conditions"`
	Agreed    int           `json:"agreements"`
}

// Effect is what a change does, in numbers.
type Effect struct {
	New       int `json:"new_paths"`
	Cheaper   int `json:"cheaper_paths"`
	Holdings  int `json:"holdings"` // behind these
	Findings  int `json:"findings"`
	Combined  int `json:"combinations"`
	Knowers   int `json:"knowers"` // things newly known
	WeakSpots int `json:"secrets"` // of these architecture, weak points and plans
}

// Review is one review; Report, Diff and Labels are detail.
type Review struct {
	Standing Standing `json:"standing"`
	ReviewSummary
	Report *review.Report    `json:"report,omitempty"`
	Diff   []EntityDiff      `json:"diff,omitempty"`
	Labels map[string]string `json:"labels,omitempty"`
}

// reviewed is a proposal that was reviewed.
type reviewed struct {
	in      review.Input
	report  *review.Report
	summary ReviewSummary
}

// Reviews reviews every proposal, those that need a decision first.
func (k *Keeper) Reviews(depth Depth) (*Reviews, error) {
	a, broken := k.current()
	out := &Reviews{Standing: a.standing(broken, depth), Reviews: []ReviewSummary{}}
	ids, err := k.proposals()
	if err != nil {
		return nil, err
	}
	if len(ids) > maxProposals {
		ids, out.More = ids[:maxProposals], len(ids)-maxProposals
	}
	for _, id := range ids {
		r, err := k.reviewed(a, id)
		if err != nil {
			out.Reviews = append(out.Reviews, unreadable(id, err, depth))
			continue
		}
		out.Reviews = append(out.Reviews, r.summary.at(depth))
	}
	slices.SortStableFunc(out.Reviews, func(x, y ReviewSummary) int {
		return resultRank(x.Result) - resultRank(y.Result)
	})
	return out, nil
}

func unreadable(id string, err error, depth Depth) ReviewSummary {
	s := ReviewSummary{ID: id, Label: id, Problem: "the proposal cannot be read"}
	if depth == Detail {
		s.Problem = err.Error()
	}
	return s
}

// resultRank puts first what is not decided by itself.
func resultRank(r review.Result) int {
	return slices.Index([]review.Result{review.Deny, review.Refer, "", review.PassConditions, review.Pass}, r)
}

// at takes the role that asks out where roles are not to be named.
func (s ReviewSummary) at(depth Depth) ReviewSummary {
	if depth == Counts {
		s.Requester = ""
	}
	return s
}

// proposals lists the folders of proposals.
func (k *Keeper) proposals() ([]string, error) {
	if k.cfg.Proposals == nil {
		return nil, nil
	}
	entries, err := fs.ReadDir(k.cfg.Proposals, ".")
	if err != nil {
		return nil, fmt.Errorf("list proposals: %w", err)
	}
	var out []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			out = append(out, e.Name())
		}
	}
	return out, nil
}

// Review reviews one proposal.
func (k *Keeper) Review(id string, depth Depth) (*Review, error) {
	a, broken := k.current()
	r, err := k.reviewed(a, id)
	if err != nil {
		return nil, err
	}
	out := &Review{Standing: a.standing(broken, depth), ReviewSummary: r.summary.at(depth)}
	if depth == Detail {
		out.Report = r.report
		out.Diff, out.Labels = diff(&r.in), labels(&r.in, r.report)
	}
	return out, nil
}

// reviewed reviews a proposal once for each state of its files.
func (k *Keeper) reviewed(a *analysis, id string) (*reviewed, error) {
	ids, err := k.proposals()
	if err != nil {
		return nil, err
	}
	if !slices.Contains(ids, id) {
		return nil, fmt.Errorf("find proposal %q: %w", id, ErrUnknown)
	}
	folder, err := fs.Sub(k.cfg.Proposals, id)
	if err != nil {
		return nil, fmt.Errorf("open proposal: %w", err)
	}
	stamp, err := stampOf(folder)
	if err != nil {
		return nil, err
	}
	a.reviewsMu.Lock()
	defer a.reviewsMu.Unlock()
	key := id + string(stamp[:])
	if r := a.reviews[key]; r != nil {
		return r, nil
	}
	r, err := a.review(id, folder)
	if err != nil {
		return nil, err
	}
	if len(a.reviews) >= maxReviews {
		clear(a.reviews)
	}
	a.reviews[key] = r
	return r, nil
}

func (a *analysis) review(id string, folder fs.FS) (*reviewed, error) {
	next, change, problems, err := register.Apply(a.reg, folder)
	if err != nil {
		return nil, fmt.Errorf("read proposal %s: %w", id, err)
	}
	if len(problems) > 0 {
		return nil, &ProposalError{ID: id, Problems: problems}
	}
	in := review.Input{Base: a.reg, Next: next, Change: change, Pack: a.pack, Day: a.day}
	report := review.Run(in)
	met := report
	if len(report.Conditions) > 0 {
		held := review.Meet(in, report.Conditions)
		in := in
		in.Next, in.Change = held, register.Diff(a.reg, held)
		met = review.Run(in)
	}
	r := &reviewed{in: in, report: report}
	if r.summary, err = summarise(id, report, met); err != nil {
		return nil, err
	}
	return r, nil
}

// ProposalError says that a proposal's files have problems.
type ProposalError struct {
	ID       string
	Problems []register.Problem
}

// Error names the first problem.
func (e *ProposalError) Error() string {
	return fmt.Sprintf("read proposal %s: %d problems, the first: %s", e.ID, len(e.Problems), e.Problems[0])
}
