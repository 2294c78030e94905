package state_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/state"
)

// TestOverlays: an overlay is found by its incident and by the event of its
// step, is kept once whether Apply or PutOverlay comes first, and is there after
// the store was opened anew.
func TestOverlays(t *testing.T) {
	dir := t.TempDir()
	s, err := state.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 18, 9, 0, 0, 5, time.UTC)
	step := state.Overlay{
		UID: "note-1", Incident: "inc-a", Event: event.ID{Entry: 9, Leaf: 3}, Time: at,
		Record: event.ID{Entry: 40}, Body: []byte(`{"uid":"note-1"}`),
	}
	whole := state.Overlay{
		UID: "note-2", Incident: "inc-b", Time: at.Add(time.Second), Record: event.ID{Entry: 41},
		Body: []byte(`{}`),
	}
	if err := s.PutOverlay(t.Context(), step); err != nil {
		t.Fatal(err)
	}
	altered := step
	altered.Body = []byte("other")
	err = s.Apply(t.Context(), state.Change{Through: 41, Overlays: []state.Overlay{altered, whole}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = state.Open(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, c := range []struct {
		incident string
		about    []event.ID
		want     string
	}{
		{"inc-a", nil, "[note-1]"},
		{"inc-b", nil, "[note-2]"},
		{"inc-c", []event.ID{{Entry: 9, Leaf: 3}, {Entry: 8}}, "[note-1]"},
		{"inc-b", []event.ID{{Entry: 9, Leaf: 3}}, "[note-1 note-2]"},
		{"inc-c", []event.ID{{}}, "[]"},
	} {
		list, err := s.Overlays(t.Context(), c.incident, c.about)
		if err != nil {
			t.Fatal(err)
		}
		names := []string{}
		for _, o := range list {
			names = append(names, o.UID)
		}
		if got := fmt.Sprint(names); got != c.want {
			t.Errorf("%s %v: %s, want %s", c.incident, c.about, got, c.want)
		}
	}
	list, err := s.Overlays(t.Context(), "inc-a", nil)
	if err != nil || fmt.Sprint(list) != fmt.Sprint([]state.Overlay{step}) {
		t.Errorf("%v, want %v: %v", list, step, err)
	}
}
