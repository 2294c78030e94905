package retention

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// header is the first line of every document.
const header = "evident.retention/v1"

// Document is one of the things that the journal keeps; exactly one of the
// pointers is set.
type Document struct {
	Time      time.Time  `json:"time"`
	Policy    *string    `json:"policy,omitempty"` // text of the file
	Hold      *Hold      `json:"hold,omitempty"`
	Release   *Release   `json:"release,omitempty"`
	Plan      *Plan      `json:"plan,omitempty"`
	Tombstone *Tombstone `json:"tombstone,omitempty"`
}

// Release ends a hold.
type Release struct {
	ID     string `json:"id"` // of the hold
	Reason string `json:"reason"`
}

// Plan lists what is to be destroyed.
type Plan struct {
	Policy string   `json:"policy"` // SHA-256 of the policy it follows
	Holds  []string `json:"holds"`  // all that were in force, sorted
	Items  []Item   `json:"items"`
}

// Item is what goes under one schedule.
type Item struct {
	Schedule string `json:"schedule"`
	Count    int64  `json:"count"`
	Records  string `json:"records"` // text of a Set
}

// Tombstone stands for what was destroyed. It is written before the bytes go.
type Tombstone struct {
	Approved string `json:"approved"` // the signed Plan, verbatim
	By       string `json:"by"`       // who ran it
}

// Text returns the text of a document, which is what is signed.
func (d *Document) Text() (string, error) {
	body, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("write document: %w", err)
	}
	return header + "\n" + string(body) + "\n", nil
}

// parseText reads the text of a document.
func parseText(text string) (*Document, error) {
	body, ok := strings.CutPrefix(text, header+"\n")
	if !ok || strings.Count(body, "\n") != 1 {
		return nil, fmt.Errorf("read document: want %s and one line", header)
	}
	dec := json.NewDecoder(strings.NewReader(body))
	dec.DisallowUnknownFields()
	d := &Document{}
	if err := dec.Decode(d); err != nil {
		return nil, fmt.Errorf("read document: %w", err)
	}
	set := 0
	for _, there := range []bool{
		d.Policy != nil, d.Hold != nil, d.Release != nil, d.Plan != nil, d.Tombstone != nil,
	} {
		if there {
			set++
		}
	}
	if set != 1 {
		return nil, errors.New("read document: want exactly one kind of content")
	}
	return d, nil
}

// Sign adds a signature to a document: to its bare text, or to a note that
// others have signed already, which known has to tell.
func Sign(doc []byte, signer note.Signer, known note.Verifiers) ([]byte, error) {
	n := &note.Note{Text: string(doc)}
	if strings.Contains(n.Text, "\n\n— ") {
		opened, err := note.Open(doc, known)
		if err != nil {
			return nil, fmt.Errorf("sign document: %w", err)
		}
		n = opened
	}
	if _, err := parseText(n.Text); err != nil {
		return nil, fmt.Errorf("sign document: %w", err)
	}
	for _, s := range n.Sigs {
		if s.Name == signer.Name() {
			return nil, fmt.Errorf("sign document: %s has signed already", s.Name)
		}
	}
	out, err := note.Sign(n, signer)
	if err != nil {
		return nil, fmt.Errorf("sign document: %w", err)
	}
	return out, nil
}

// Open checks a signed document and returns it with the names of those known
// who signed it, sorted.
func Open(signed []byte, known note.Verifiers) (*Document, []string, error) {
	n, err := note.Open(signed, known)
	if err != nil {
		return nil, nil, fmt.Errorf("check signatures: %w", err)
	}
	d, err := parseText(n.Text)
	if err != nil {
		return nil, nil, err
	}
	var names []string
	for _, s := range n.Sigs {
		if !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	slices.Sort(names)
	return d, names, nil
}
