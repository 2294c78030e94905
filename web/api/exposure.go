package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/evident-sec/evident/exposure"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/posture"
)

// ExposureDetail is the role of those who may see paths: moves, register lines
// and the names of what lies between. Everybody else gets bands and counts.
const ExposureDetail = "exposure-detail"

// exposureRoutes adds what is asked of the register.
func (a *API) exposureRoutes() {
	a.get("exposure", a.exposure)
	a.get("exposure/map", a.exposureMap)
	a.get("exposure/paths", a.exposurePaths)
	a.get("exposure/chokes", a.exposureChokes)
	a.get("exposure/combined", a.exposureCombined)
	a.get("exposure/vendors", a.exposureVendors)
	a.get("exposure/checks", a.exposureChecks)
	a.get("exposure/gaps", a.exposureGaps)
	a.get("reviews", a.reviews)
	a.get("reviews/{id}", a.review)
}

// depthBody says how much an answer tells, and whether its reader may ask for
// more.
type depthBody struct {
	Detail    bool `json:"detail"`
	MayDetail bool `json:"may_detail"`
}

// openExposure decides how much a caller is told and records what tells more
// than counts. A caller with the role may ask for counts only (detail=false),
// e.g. to print them or on a shared screen.
func (a *API) openExposure(ctx context.Context, r *http.Request, operation string, about ...string) (
	*posture.Keeper, posture.Depth, error,
) {
	if a.cfg.Posture == nil {
		return nil, posture.Counts, &Problem{
			Status: http.StatusNotFound, Code: "no-register", Title: "This server has no register",
			Next: "Start it with --register DIR; docs/exposure.md says what a register is.",
		}
	}
	depth, err := a.depth(ctx, r)
	if err != nil || depth == posture.Counts {
		return a.cfg.Posture, depth, err
	}
	err = a.node.RecordOnce(ctx, node.Act{
		Operation: operation, Caller: CallerFrom(ctx).ID, Detail: "register: " + strings.Join(about, " "),
	})
	return a.cfg.Posture, depth, err
}

// depth is how much the caller may be told, or asked for where that is less.
func (a *API) depth(ctx context.Context, r *http.Request) (posture.Depth, error) {
	asked, err := enumParam(r, "detail", "true", "true", "false")
	if err != nil {
		return posture.Counts, err
	}
	return posture.Depth(asked == "true" && CallerFrom(ctx).May(ExposureDetail)), nil
}

// told wraps an answer with its depth.
func told(ctx context.Context, depth posture.Depth) depthBody {
	return depthBody{Detail: bool(depth), MayDetail: CallerFrom(ctx).May(ExposureDetail)}
}

// exposure answers GET exposure.
func (a *API) exposure(ctx context.Context, r *http.Request) (any, error) {
	type body struct {
		depthBody
		posture.Overview
	}
	if a.cfg.Posture == nil {
		return body{depthBody: told(ctx, posture.Counts), Overview: posture.Overview{
			Standing: posture.Standing{State: "none"}, Holdings: []posture.HoldingRow{}, Footholds: []posture.Footing{},
		}}, nil
	}
	k, depth, err := a.openExposure(ctx, r, "read-exposure", "holdings")
	if err != nil {
		return nil, err
	}
	return body{told(ctx, depth), k.Overview(depth)}, nil
}

// exposureMap answers GET exposure/map.
func (a *API) exposureMap(ctx context.Context, r *http.Request) (any, error) {
	aim, err := aimParam(r)
	if err != nil {
		return nil, err
	}
	k, depth, err := a.openExposure(ctx, r, "read-exposure", "map", string(aim))
	if err != nil {
		return nil, err
	}
	return struct {
		depthBody
		posture.Map
	}{told(ctx, depth), k.Map(aim, depth)}, nil
}

func aimParam(r *http.Request) (exposure.Aim, error) {
	aim, err := enumParam(r, "aim", string(exposure.MostLikely),
		string(exposure.MostLikely), string(exposure.LeastEffort), string(exposure.LeastSeen))
	return exposure.Aim(aim), err
}

// exposurePaths answers GET exposure/paths: all pairs without their moves, or
// the ways of one pair with them.
func (a *API) exposurePaths(ctx context.Context, r *http.Request) (any, error) {
	aim, err := aimParam(r)
	if err != nil {
		return nil, err
	}
	limit, err := intParam(r, "limit", 200, 5000)
	if err != nil {
		return nil, err
	}
	offset, err := offsetParam(r)
	if err != nil {
		return nil, err
	}
	ways, err := intParam(r, "ways", 1, 20)
	if err != nil {
		return nil, err
	}
	from, to := r.URL.Query().Get("from"), r.URL.Query().Get("to")
	if from != "" || to != "" {
		return a.exposureWays(ctx, r, pairAsked{from, to, aim, ways})
	}
	k, depth, err := a.openExposure(ctx, r, "read-exposure", "paths", string(aim))
	if err != nil {
		return nil, err
	}
	return struct {
		depthBody
		posture.Pairs
		Ways   []exposure.PathView `json:"ways"`
		Labels map[string]string   `json:"labels"`
	}{told(ctx, depth), k.Paths(aim, offset, limit, depth), []exposure.PathView{}, map[string]string{}}, nil
}

// pairAsked is one pair whose ways are asked for.
type pairAsked struct {
	from, to string
	aim      exposure.Aim
	ways     int
}

func (a *API) exposureWays(ctx context.Context, r *http.Request, p pairAsked) (any, error) {
	k, depth, err := a.openExposure(ctx, r, "read-path", p.from, "to", p.to, string(p.aim))
	if err != nil {
		return nil, err
	}
	if depth == posture.Counts {
		return nil, &Problem{
			Status: http.StatusForbidden, Code: "needs-role", Title: "The moves of a path are not shown to you",
			Detail: "They need the role " + ExposureDetail + ".",
			Next:   "Bands and counts are in exposure/paths without from and to; who runs the server gives roles.",
		}
	}
	got, err := k.Ways(p.from, p.to, p.aim, p.ways)
	if err != nil {
		return nil, err
	}
	return struct {
		depthBody
		posture.Pairs
		Ways   []exposure.PathView `json:"ways"`
		Labels map[string]string   `json:"labels"`
	}{
		told(ctx, depth),
		posture.Pairs{Standing: got.Standing, Aim: string(p.aim), Paths: []posture.PathRow{}},
		got.Paths, got.Labels,
	}, nil
}

// exposureChokes answers GET exposure/chokes.
func (a *API) exposureChokes(ctx context.Context, r *http.Request) (any, error) {
	budget, err := intParam(r, "budget", 10, 100_000)
	if err != nil {
		return nil, err
	}
	k, depth, err := a.openExposure(ctx, r, "read-exposure", "chokes")
	if err != nil {
		return nil, err
	}
	return struct {
		depthBody
		posture.Chokes
	}{told(ctx, depth), k.Chokes(budget, depth)}, nil
}

// exposureCombined answers GET exposure/combined.
func (a *API) exposureCombined(ctx context.Context, r *http.Request) (any, error) {
	k, depth, err := a.openExposure(ctx, r, "read-exposure", "combined")
	if err != nil {
		return nil, err
	}
	return struct {
		depthBody
		posture.Combined
	}{told(ctx, depth), k.Combined(depth)}, nil
}

// exposureVendors answers GET exposure/vendors.
func (a *API) exposureVendors(ctx context.Context, r *http.Request) (any, error) {
	proposal := r.URL.Query().Get("proposal")
	k, depth, err := a.openExposure(ctx, r, "read-exposure", "vendors", cmp.Or(proposal, "as they are"))
	if err != nil {
		return nil, err
	}
	v, err := k.Vendors(proposal, depth)
	if err != nil {
		return nil, hideProblems(err, depth)
	}
	return struct {
		depthBody
		*posture.Vendors
	}{told(ctx, depth), v}, nil
}

// exposureChecks answers GET exposure/checks.
func (a *API) exposureChecks(ctx context.Context, r *http.Request) (any, error) {
	k, depth, err := a.openExposure(ctx, r, "read-exposure", "checks")
	if err != nil {
		return nil, err
	}
	return struct {
		depthBody
		posture.Checks
	}{told(ctx, depth), k.Checks(depth)}, nil
}

// exposureGaps answers GET exposure/gaps.
func (a *API) exposureGaps(ctx context.Context, r *http.Request) (any, error) {
	k, depth, err := a.openExposure(ctx, r, "read-exposure", "gaps")
	if err != nil {
		return nil, err
	}
	seen, err := a.seen(ctx)
	if err != nil {
		return nil, err
	}
	return struct {
		depthBody
		posture.Gaps
	}{told(ctx, depth), k.Gaps(seen, depth)}, nil
}

// seen is what rules and logs there are.
func (a *API) seen(ctx context.Context) (exposure.Seen, error) {
	seen := exposure.Seen{Techniques: map[string]int{}}
	for _, d := range a.node.RuleDocs() {
		for _, t := range d.Techniques() {
			seen.Techniques[t]++
		}
	}
	sources, err := a.node.State().Sources(ctx)
	if err != nil {
		return seen, err
	}
	for _, s := range sources {
		seen.Received = true // an empty data folder says nothing about what arrives
		seen.Sources = append(seen.Sources, s.Name)
	}
	return seen, nil
}

// enumParam reads one of several words.
func enumParam(r *http.Request, name, otherwise string, allowed ...string) (string, error) {
	text := cmp.Or(r.URL.Query().Get(name), otherwise)
	if !slices.Contains(allowed, text) {
		return "", badRequest("bad-word", "The value of "+name+" cannot be used",
			"Give one of: "+strings.Join(allowed, ", ")+".")
	}
	return text, nil
}
