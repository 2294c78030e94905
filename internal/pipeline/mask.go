package pipeline

import (
	"fmt"

	"github.com/evident-sec/evident/event"
)

// Masker gives what columns, indexes and hot rows hold in the place of a value
// that identifies a person. Its methods are safe for concurrent use.
type Masker interface {
	// Version names the masker and all that its answers depend on. Files
	// remember it with the version of the mapping; verification derives columns
	// again only under the one that made them.
	Version() string
	// Mask returns what stands for a value. As long as Version is the same it
	// gives the same answer. An error stops the pipeline: the record waits in
	// the journal, so that no value passes unmasked.
	Mask(a event.Attr, text string) (string, error)
}

// Mask masks the attributes of events that identify a person, in place. Without
// a masker they pass.
func Mask(m Masker, evs []event.Event) error {
	if m == nil {
		return nil
	}
	for i := range evs {
		for k := range evs[i].Attrs {
			a := &evs[i].Attrs[k]
			if a.Text == "" || !a.Attr.Info().Person {
				continue
			}
			text, err := m.Mask(a.Attr, a.Text)
			if err != nil {
				return fmt.Errorf("mask %s of event %s: %w", a.Attr, evs[i].ID, err)
			}
			if text == "" {
				return fmt.Errorf("mask %s of event %s: the masker gave nothing", a.Attr, evs[i].ID)
			}
			a.Text = text
		}
	}
	return nil
}

// MappingVersion is the version of what makes columns: that of the mapping,
// with that of the masker where there is one.
func MappingVersion(mapping string, m Masker) string {
	if m == nil {
		return mapping
	}
	return mapping + "+" + m.Version()
}
