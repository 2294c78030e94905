package api

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/proof"
)

// eventRow is one event as a table shows it.
type eventRow struct {
	UID             string            `json:"uid"`
	Time            time.Time         `json:"time"`
	Received        time.Time         `json:"received"`
	Host            string            `json:"host"`
	Severity        string            `json:"severity"`
	ClassUID        uint32            `json:"class_uid"`
	ClassName       string            `json:"class_name"`
	ActivityName    string            `json:"activity_name"`
	Actor           string            `json:"actor"`
	Object          string            `json:"object"`
	Source          string            `json:"source"`
	Sealed          string            `json:"sealed"`
	FindingSeverity string            `json:"finding_severity,omitempty"`
	Attrs           map[string]string `json:"attrs"`
}

var severityNames = [...]string{
	"unknown", "informational", "low", "medium", "high", "critical", "fatal",
}

func severityName(id uint8) string { return severityNames[min(int(id), len(severityNames)-1)] }

func (a *API) row(ev *event.Event, sealed uint64) eventRow {
	s := node.Summarise(ev)
	row := eventRow{
		UID: ev.ID.String(), Time: ev.Time, Received: ev.Received, Host: s.Host,
		Severity: severityName(ev.Severity), ClassUID: ev.Class, ClassName: s.Class,
		ActivityName: s.Activity, Actor: s.Actor, Object: s.Object,
		Source: sourceOf(ev), Sealed: "journaled", Attrs: make(map[string]string, len(ev.Attrs)),
	}
	if ev.ID.Entry <= sealed {
		row.Sealed = "sealed"
	}
	for _, av := range ev.Attrs {
		row.Attrs[av.Attr.String()] = av.Text
	}
	return row
}

func sourceOf(ev *event.Event) string {
	log, code := ev.Attrs.Get(event.AttrLogName), ev.Attrs.Get(event.AttrEventCode)
	switch {
	case log != "" && code != "":
		return shortLog(log) + " " + code
	case log != "":
		return log
	case ev.Service != "":
		return ev.Product + "/" + ev.Service
	case ev.Product != "":
		return ev.Product
	}
	return string(ev.Format)
}

// shortLog shortens "Microsoft-Windows-Sysmon/Operational" to "Sysmon".
func shortLog(log string) string {
	const prefix, suffix = "Microsoft-Windows-", "/Operational"
	if len(log) > len(prefix)+len(suffix) && log[:len(prefix)] == prefix &&
		log[len(log)-len(suffix):] == suffix {
		return log[len(prefix) : len(log)-len(suffix)]
	}
	return log
}

func eventID(r *http.Request) (event.ID, error) {
	id, err := event.ParseID(r.PathValue("uid"))
	if err != nil {
		return id, badRequest("bad-identifier", err.Error(), "Event identifiers look like 12-7.")
	}
	return id, nil
}

// event answers GET events/{uid}.
func (a *API) event(ctx context.Context, r *http.Request) (any, error) {
	id, err := eventID(r)
	if err != nil {
		return nil, err
	}
	ev, record, err := a.node.Event(ctx, id)
	if err != nil {
		return nil, err
	}
	err = a.node.Record(ctx, node.Act{
		Operation: "read-event", Caller: CallerFrom(ctx).ID, Detail: "event " + id.String(),
	})
	if err != nil {
		return nil, err
	}
	findings, err := a.findingsOf(ctx, id)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"ocsf": ev.OCSF(), "row": a.row(ev, a.node.Sealed()), "findings": findings,
		"evident": map[string]any{
			"entry": id.Entry, "leaf": id.Leaf, "source": ev.Source, "format": ev.Format,
			"position": record.Position,
		},
	}, nil
}

// raw answers GET events/{uid}/raw with the original bytes.
func (a *API) raw(w http.ResponseWriter, r *http.Request) {
	id, err := eventID(r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	_, record, err := a.node.Original(r.Context(), CallerFrom(r.Context()).ID, id)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", `attachment; filename="event-`+id.String()+`.bin"`)
	h.Set("X-Evident-Entry", strconv.FormatUint(id.Entry, 10))
	h.Set("X-Evident-Leaf", strconv.FormatUint(uint64(id.Leaf), 10))
	_, _ = w.Write(record.Raw) // the client may be gone; there is nobody to tell
}

// limits is what no proof shows; every proof is shown with it.
var limits = []string{
	"This proof does not show that the source told the truth.",
	"It does not show what happened to the record before it arrived here.",
	"It does not show the moments between arrival and the first signed checkpoint.",
	oneParty,
}

// oneParty is the limit that a quorum of witnesses lifts.
const oneParty = "One party signs this ledger; without a witness it could show two histories."

// proof answers GET events/{uid}/proof with all that a browser needs to
// compute the proof anew.
func (a *API) proof(ctx context.Context, r *http.Request) (any, error) {
	id, err := eventID(r)
	if err != nil {
		return nil, err
	}
	p, err := a.node.Prove(ctx, id)
	if errors.Is(err, node.ErrUnsealed) {
		return map[string]any{
			"state": "journaled", "entry": id.Entry, "leaf": id.Leaf, "limits": limits,
		}, nil
	}
	if err != nil {
		return nil, err
	}
	text, err := p.MarshalText()
	if err != nil {
		return nil, err
	}
	c, err := proof.ParseCheckpoint(p.Checkpoint, note.VerifierList(a.node.Verifier()))
	if err != nil {
		return nil, err
	}
	cosigned, shown := a.cosigned(p.Checkpoint)
	body := map[string]any{
		"state": "sealed", "text": string(text), "entry": id.Entry, "leaf": id.Leaf,
		"count": p.Count, "leaf_hash": hexHash(p.LeafHash),
		"leaf_path": hexPath(p.LeafPath), "entry_root": hexHash(p.Root),
		"manifest": string(p.Manifest.Marshal()), "index": p.Index, "log_path": hexPath(p.LogPath),
		"log_size": c.Size, "log_root": hexHash(c.Root), "origin": c.Origin,
		"checkpoint": string(p.Checkpoint), "verifier_key": a.node.VerifierKey(),
		"checkpoint_time": a.node.CheckpointTime(), "limits": shown, "cosigned": cosigned,
	}
	if p.Salt != nil { // else the record was destroyed
		body["salt"] = hex.EncodeToString(p.Salt[:])
	}
	return body, nil
}

func hexHash(h proof.Hash) string { return hex.EncodeToString(h[:]) }

func hexPath(path []proof.Hash) []string {
	out := make([]string, len(path))
	for i := range path {
		out[i] = hexHash(path[i])
	}
	return out
}
