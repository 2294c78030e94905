package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/posture"
	"github.com/evident-sec/evident/internal/search"
	"github.com/evident-sec/evident/internal/state"
	"github.com/evident-sec/evident/internal/story"
)

// Problem is an error answer, RFC 9457 application/problem+json.
type Problem struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail,omitempty"`
	Code     string `json:"code"`
	Next     string `json:"next,omitempty"` // what the caller can do about it
	Instance string `json:"instance,omitempty"`

	// Position of a query error, in bytes.
	Offset *int   `json:"offset,omitempty"`
	Length *int   `json:"length,omitempty"`
	Hint   string `json:"hint,omitempty"`
}

// Error implements error, so that a handler can return a Problem itself.
func (p *Problem) Error() string { return p.Title + ": " + p.Detail }

// WriteProblem answers with the problem.
func WriteProblem(w http.ResponseWriter, r *http.Request, p Problem) {
	p.Type, p.Instance = "about:blank", r.URL.Path
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client may be gone; there is nobody to tell
}

func badRequest(code, title, next string) *Problem {
	return &Problem{Status: http.StatusBadRequest, Code: code, Title: title, Next: next}
}

// problemFor is the one place that maps errors to answers.
func problemFor(err error) Problem {
	if p, ok := ruleProblem(err); ok {
		return p
	}
	var p *Problem
	var syntax *search.SyntaxError
	switch {
	case errors.As(err, &p):
		return *p
	case errors.As(err, &syntax):
		return Problem{
			Status: http.StatusBadRequest, Code: "query-syntax", Title: "The query cannot be read",
			Detail: syntax.Message, Hint: syntax.Hint,
			Next:   cmp.Or(syntax.Hint, "Change the marked part; /api/v1/fields has the fields."),
			Offset: &syntax.Offset, Length: &syntax.Length,
		}
	case errors.Is(err, state.ErrNotFound), errors.Is(err, node.ErrNoEvent), errors.Is(err, posture.ErrUnknown):
		return Problem{
			Status: http.StatusNotFound, Code: "not-found", Title: "Nothing has that identifier",
			Detail: err.Error(), Next: "Check the identifier; it may belong to another data folder.",
		}
	case errors.Is(err, story.ErrOverlay):
		return Problem{
			Status: http.StatusBadRequest, Code: "bad-overlay", Title: "That cannot be said of the incident",
			Detail: err.Error(), Next: "Name a step of the incident and a reason.",
		}
	case errors.Is(err, search.ErrCursor):
		return Problem{
			Status: http.StatusBadRequest, Code: "bad-cursor", Title: "The search cannot be continued from there",
			Detail: err.Error(), Next: "Start the search again without after.",
		}
	case errors.Is(err, search.ErrField):
		return Problem{
			Status: http.StatusBadRequest, Code: "bad-field", Title: "The values of that field cannot be counted",
			Detail: err.Error(), Next: "See /api/v1/fields for the fields.",
		}
	case errors.Is(err, search.ErrMemory), errors.Is(err, search.ErrGaveWay):
		return Problem{
			Status: http.StatusServiceUnavailable, Code: "too-big", Title: "The question is too big",
			Detail: err.Error(), Next: "Narrow the time range, count by fewer fields, or ask again.",
		}
	case errors.Is(err, search.ErrSQL):
		return Problem{
			Status: http.StatusBadRequest, Code: "bad-sql", Title: "The statement cannot be run",
			Detail: err.Error(), Next: "docs/sql.md says what SQL may do here.",
		}
	case errors.Is(err, node.ErrSearchName), errors.Is(err, node.ErrParameter):
		return Problem{
			Status: http.StatusBadRequest, Code: "bad-parameter", Title: "The saved search cannot be used like that",
			Detail: err.Error(), Next: "See /api/v1/searches for names and parameters.",
		}
	case errors.Is(err, node.ErrSealed):
		return Problem{
			Status: http.StatusBadRequest, Code: "bad-sealed", Title: "The sealed result cannot be checked here",
			Detail: err.Error(), Next: "Send the file as it was given, to the folder whose ledger sealed it.",
		}
	case errors.Is(err, node.ErrReceipt):
		return Problem{
			Status: http.StatusBadRequest, Code: "bad-receipt", Title: "The receipt cannot be checked here",
			Detail: err.Error(), Next: "Send the file as it was given, to the folder whose ledger sealed it.",
		}
	case errors.Is(err, node.ErrUnsealed):
		return Problem{
			Status: http.StatusConflict, Code: "not-sealed", Title: "Not under a checkpoint yet",
			Detail: err.Error(), Next: "Try again in a second.",
		}
	case errors.Is(err, context.DeadlineExceeded):
		return Problem{
			Status: http.StatusGatewayTimeout, Code: "too-slow", Title: "The answer took too long",
			Detail: err.Error(), Next: "Narrow the time range or name a field.",
		}
	}
	return Problem{
		Status: http.StatusInternalServerError, Code: "internal", Title: "This did not work",
		Detail: err.Error(), Next: "Look at the Health page and the server's log.",
	}
}
