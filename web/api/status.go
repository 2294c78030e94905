package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/evident-sec/evident/internal/node"
)

// status answers GET status.
func (a *API) status(ctx context.Context, _ *http.Request) (any, error) {
	s, err := a.node.Overall(ctx)
	if err != nil {
		return nil, err
	}
	return a.statusBody(CallerFrom(ctx), s), nil
}

type statusBody struct {
	Organisation string    `json:"organisation"`
	Demo         bool      `json:"demo"`
	Version      string    `json:"version"`
	Caller       Caller    `json:"caller"`
	Now          time.Time `json:"now"`
	*node.Overall
}

func (a *API) statusBody(c Caller, s *node.Overall) statusBody {
	return statusBody{
		Organisation: a.cfg.Organisation, Demo: a.cfg.Demo, Version: a.cfg.Version,
		Caller: c, Now: time.Now().UTC(), Overall: s,
	}
}

// stream answers GET stream: the status as server-sent events, at most once a
// second, until the client or the server goes.
func (a *API) stream(w http.ResponseWriter, r *http.Request) {
	caller := CallerFrom(r.Context())
	w.Header().Set("Content-Type", "text/event-stream")
	flush := http.NewResponseController(w)
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		s, err := a.node.Overall(r.Context())
		if err != nil {
			return
		}
		body, err := json.Marshal(a.statusBody(caller, s))
		if err != nil {
			return
		}
		if _, err := fmt.Fprintf(w, "event: status\ndata: %s\n\n", body); err != nil {
			return
		}
		if err := flush.Flush(); err != nil {
			return
		}
		select {
		case <-ticker.C:
		case <-r.Context().Done():
			return
		}
	}
}

// healthz answers a monitor: 200 while records are processed.
func (a *API) healthz(w http.ResponseWriter, _ *http.Request) {
	select {
	case <-a.node.Stopped():
		http.Error(w, "processing has stopped", http.StatusServiceUnavailable)
	default:
		fmt.Fprintln(w, "ok")
	}
}
