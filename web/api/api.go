package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/evident-sec/evident/internal/attack"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/posture"
)

// Config wires an API.
type Config struct {
	Node         *node.Node
	Organisation string // shown on the page
	Demo         bool   // the data are fictional
	Version      string
	Attack       *attack.Catalog // names of techniques; nil for none
	Posture      *posture.Keeper // the register; nil for none
	Log          *slog.Logger
}

// API answers requests about one node.
type API struct {
	cfg     Config
	node    *node.Node
	mux     *http.ServeMux
	started time.Time
	routes  []string
}

// queryTimeout bounds one answer, so that a heavy question cannot hold the
// engine for ever.
const queryTimeout = 60 * time.Second

// New returns the handler.
func New(cfg Config) *API {
	a := &API{cfg: cfg, node: cfg.Node, mux: http.NewServeMux(), started: time.Now().UTC()}
	a.get("status", a.status)
	a.get("overview", a.overview)
	a.get("histogram", a.histogram)
	a.get("search", a.search)
	a.handle("GET", "search/live", http.HandlerFunc(a.live))
	a.handle("POST", "sql", a.answer(a.sql))
	a.get("searches", a.searches)
	a.get("searches/{name}", a.savedSearch)
	a.handle("PUT", "searches/{name}", a.answer(a.saveSearch))
	a.handle("DELETE", "searches/{name}", a.answer(a.deleteSearch))
	a.handle("POST", "receipts", a.answer(a.makeReceipt))
	a.handle("POST", "receipts/check", a.answer(a.checkReceipt))
	a.get("facets", a.facets)
	a.get("complete", a.complete)
	a.get("fields", a.fields)
	a.get("events/{uid}", a.event)
	a.get("events/{uid}/proof", a.proof)
	a.get("findings", a.findings)
	a.get("findings/{uid}", a.finding)
	a.get("incidents", a.incidents)
	a.get("incidents/{id}", a.incident)
	a.get("incidents/{id}/overlays", a.overlays)
	a.get("incidents/{id}/diff", a.difference)
	a.handle("POST", "incidents/{id}/overlays", a.answer(a.annotate))
	a.handle("POST", "incidents/{id}/seal", a.answer(a.sealStory))
	a.handle("POST", "incidents/check", a.answer(a.checkStory))
	a.handle("GET", "incidents/{id}/export", http.HandlerFunc(a.export))
	a.get("health", a.health)
	a.get("rules", a.rules)
	a.get("rules/coverage", a.coverage)
	a.get("rules/shadow", a.shadow)
	a.get("rules/{id}", a.rule)
	a.get("rules/{id}/explain", a.explain)
	a.handle("POST", "rules/reload", a.answer(a.reloadRules))
	a.handle("POST", "rules/shadow", a.answer(a.startShadow))
	a.handle("POST", "rules/shadow/accept", a.answer(a.acceptShadow))
	a.handle("POST", "rules/shadow/discard", a.answer(a.discardShadow))
	a.exposureRoutes()
	a.handle("POST", "verify", a.answer(a.verify))
	a.handle("POST", "ingest", a.answer(a.ingest))
	a.handle("GET", "events/{uid}/raw", http.HandlerFunc(a.raw))
	a.handle("GET", "stream", http.HandlerFunc(a.stream))
	a.mux.HandleFunc("GET /healthz", a.healthz)
	a.mux.Handle("GET /metrics", promhttp.HandlerFor(a.metrics(), promhttp.HandlerOpts{}))
	a.mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		WriteProblem(w, r, Problem{
			Status: http.StatusNotFound, Code: "no-such-route", Title: "There is no such route",
			Next: "See web/api/openapi.yaml for the routes.",
		})
	})
	return a
}

// Routes lists "METHOD /path" of every /api/v1 route, for the test that holds
// openapi.yaml against it.
func (a *API) Routes() []string { return a.routes }

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// question answers one request with a value that becomes JSON.
type question func(ctx context.Context, r *http.Request) (any, error)

func (a *API) get(path string, q question) { a.handle("GET", path, a.answer(q)) }

func (a *API) handle(method, path string, h http.Handler) {
	route := method + " /api/v1/" + path
	a.routes = append(a.routes, route)
	a.mux.Handle(route, signedIn(h))
}

// signedIn refuses a request in whose context the session layer has put no
// caller.
func signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if CallerFrom(r.Context()).ID == "" {
			WriteProblem(w, r, Problem{
				Status: http.StatusUnauthorized, Code: "no-caller", Title: "Nobody is signed in",
				Next: "Open the link that evident printed when it started.",
			})
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (a *API) answer(q question) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		if r.Method == http.MethodGet {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, queryTimeout)
			defer cancel()
		}
		value, err := q(ctx, r)
		if err != nil {
			a.fail(w, r, err)
			return
		}
		body, err := json.Marshal(value)
		if err != nil {
			a.fail(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body) // the client may be gone; there is nobody to tell
	})
}

func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // the client is gone; there is nobody to tell
	}
	p := problemFor(err)
	if p.Status >= http.StatusInternalServerError {
		a.cfg.Log.Error("request failed", "path", r.URL.Path, "error", err)
	}
	WriteProblem(w, r, p)
}
