package daykey

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// Destruction says when and why a key was destroyed.
type Destruction struct {
	Time   time.Time `json:"time"` // UTC
	Reason string    `json:"reason"`
}

// Destroy destroys a key: the note first, then the file is overwritten and
// removed. Destroying it again does nothing.
func (r *Ring) Destroy(id, reason string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, done := r.gone[id]; done {
		return nil
	}
	day, ok := Day(id)
	if !ok {
		return fmt.Errorf("destroy key %q: that is no identifier of a key", id)
	}
	note, err := json.Marshal(Destruction{time.Now().UTC().Truncate(time.Second), reason})
	if err == nil {
		err = writeDurably(r.file(id, goneSuffix), append(note, '\n'))
	}
	if err != nil {
		return fmt.Errorf("destroy key %s: %w", id, err)
	}
	_, number, _ := strings.Cut(id, ".")
	r.note(day, number)
	if err := r.finish(id); err != nil {
		return fmt.Errorf("destroy key %s: %w", id, err)
	}
	return nil
}

// finish does what the note about a key says.
func (r *Ring) finish(id string) error {
	raw, err := os.ReadFile(r.file(id, goneSuffix))
	if err != nil {
		return fmt.Errorf("read note: %w", err)
	}
	d := Destruction{}
	if err := json.Unmarshal(raw, &d); err != nil {
		d.Reason = "the note about it is not readable" // it is gone all the same
	}
	r.gone[id] = d
	delete(r.open, id)
	return wipe(r.file(id, keySuffix))
}

// Key is one key as it is now.
type Key struct {
	ID        string       `json:"id"`
	Day       string       `json:"day"`
	Destroyed *Destruction `json:"destroyed,omitempty"`
	Problem   string       `json:"problem,omitempty"` // why it cannot be used
}

// Keys lists all keys by day and number, trying each.
func (r *Ring) Keys() []Key {
	r.mu.Lock()
	defer r.mu.Unlock()
	days := make([]string, 0, len(r.days))
	for day := range r.days {
		days = append(days, day)
	}
	slices.Sort(days)
	var out []Key
	for _, day := range days {
		for _, number := range r.days[day] {
			k := Key{ID: identifier(day, number), Day: day}
			if d, gone := r.gone[k.ID]; gone {
				k.Destroyed = &d
			} else if _, err := r.get(k.ID); err != nil {
				k.Problem = err.Error()
			}
			out = append(out, k)
		}
	}
	return out
}

// Live returns the identifiers of a day's keys that were not destroyed, the
// newest last.
func (r *Ring) Live(day string) (ids []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, number := range r.days[day] {
		id := identifier(day, number)
		if _, gone := r.gone[id]; !gone {
			ids = append(ids, id)
		}
	}
	return ids
}

// Missing reports whether err says that a key cannot be had: it is missing,
// destroyed, wrong, or the master key is not usable.
func Missing(err error) bool {
	for _, kind := range []error{ErrMaster, ErrMissing, ErrDestroyed, ErrWrong} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}
