package story

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/reconstruct"
)

// Kind is what an overlay does.
type Kind string

// Kinds of overlays. An added step has grade ASSUMED. A withdrawal names the
// overlay that no longer stands; both stay.
const (
	Confirm  Kind = "confirm"
	Reject   Kind = "reject"
	Add      Kind = "add"
	Rename   Kind = "rename"
	Comment  Kind = "comment"
	Pin      Kind = "pin"
	Withdraw Kind = "withdraw"
)

// Kinds lists the kinds.
func Kinds() []Kind { return []Kind{Confirm, Reject, Add, Rename, Comment, Pin, Withdraw} }

// Limits of one overlay, in characters and events.
const (
	maxOverlayText   = 2000
	maxOverlayEvents = 100
)

// ErrOverlay says that an overlay cannot be taken; the error says why.
var ErrOverlay = errors.New("overlay cannot be taken")

// Overlay is what one analyst said of an incident (Step 0) or of one step.
type Overlay struct {
	UID       string     `json:"uid"`
	Incident  string     `json:"incident"`
	Kind      Kind       `json:"kind"`
	Step      int        `json:"step,omitempty"`   // its number when this was said
	Event     event.ID   `json:"event,omitzero"`   // first event of that step
	Verb      string     `json:"verb,omitempty"`   // of that step
	Text      string     `json:"text,omitempty"`   // comment, new name or added sentence
	At        time.Time  `json:"at,omitzero"`      // when an added step happened
	Host      string     `json:"host,omitempty"`   // where an added step happened
	Events    []event.ID `json:"events,omitempty"` // what an added step rests on
	Withdraws string     `json:"withdraws,omitempty"`
	Reason    string     `json:"reason"`
	Author    string     `json:"author"`
	Time      time.Time  `json:"time"`
	Signature string     `json:"signature,omitempty"` // of Signable, by the author's own key
	Record    event.ID   `json:"record,omitzero"`     // the journal record that holds it
}

// Seal checks the overlay against the result it speaks of and fills in what
// follows from there: the event and verb of its step, and its identifier. The
// error wraps ErrOverlay.
func (o *Overlay) Seal(r *reconstruct.Result, known []Overlay) error {
	o.Incident, o.Time = r.Incident.UID, o.Time.UTC()
	if o.Step != 0 {
		i := slices.IndexFunc(r.Steps, func(s reconstruct.Step) bool { return s.N == o.Step })
		if i < 0 {
			return fmt.Errorf("%w: the incident has no step %d, only 1 to %d", ErrOverlay, o.Step,
				len(r.Steps))
		}
		o.Event, o.Verb = firstEvent(&r.Steps[i]), r.Steps[i].Verb
	}
	if err := o.check(known); err != nil {
		return err
	}
	o.UID, o.Record = "", event.ID{}
	body, err := o.Signable()
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	o.UID = "note-" + hex.EncodeToString(sum[:])[:12]
	return nil
}

// Signable is what an author's key signs and what the identifier is made of:
// the overlay as JSON without uid, signature and record.
func (o Overlay) Signable() ([]byte, error) {
	o.UID, o.Signature, o.Record = "", "", event.ID{}
	body, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("encode overlay: %w", err)
	}
	return append([]byte("evident-overlay/v1\n"), append(body, '\n')...), nil
}

func firstEvent(s *reconstruct.Step) event.ID {
	if len(s.Events) == 0 {
		return event.ID{}
	}
	return s.Events[0]
}

func (o *Overlay) check(known []Overlay) error {
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrOverlay, fmt.Sprintf(format, args...))
	}
	for name, text := range map[string]string{"reason": o.Reason, "text": o.Text} {
		if n := utf8.RuneCountInString(text); n > maxOverlayText {
			return refuse("its %s has %d characters, at most %d are kept", name, n, maxOverlayText)
		}
	}
	switch {
	case !slices.Contains(Kinds(), o.Kind):
		return refuse("%q is no kind of overlay; write one of %v", o.Kind, Kinds())
	case strings.TrimSpace(o.Reason) == "":
		return refuse("it gives no reason")
	case o.Author == "":
		return refuse("it names no author")
	case len(o.Events) > maxOverlayEvents:
		return refuse("it names %d events, at most %d are kept", len(o.Events), maxOverlayEvents)
	}
	if why := o.lacks(known); why != "" {
		return refuse("%s", why)
	}
	return nil
}

// lacks says what an overlay of its kind needs and this one does not have.
func (o *Overlay) lacks(known []Overlay) string {
	text := strings.TrimSpace(o.Text) != ""
	switch o.Kind {
	case Confirm, Reject, Pin:
		if o.Step == 0 {
			return fmt.Sprintf("to %s something, name its step", o.Kind)
		}
	case Rename, Comment:
		if !text {
			return fmt.Sprintf("a %s needs a text", o.Kind)
		}
	case Add:
		if !text || o.At.IsZero() || o.Step != 0 {
			return "an added step needs its sentence and its time, and has no number"
		}
	case Withdraw:
		stands := func(k Overlay) bool { return k.UID == o.Withdraws && k.Kind != Withdraw }
		if !slices.ContainsFunc(known, stands) {
			return fmt.Sprintf("nothing of this incident is called %q", o.Withdraws)
		}
	}
	return ""
}

// Order sorts overlays by time, then identifier.
func Order(list []Overlay) {
	slices.SortFunc(list, func(a, b Overlay) int {
		return cmp.Or(a.Time.Compare(b.Time), strings.Compare(a.UID, b.UID))
	})
}
