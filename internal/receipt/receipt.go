package receipt

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/proof"
)

// Format is the first field of every receipt.
const Format = "evident.receipt/v1"

// MaxListed is how many results a receipt names; of more it has the root only.
const MaxListed = 10_000

// Receipt is what one search covered and found.
type Receipt struct {
	Format  string    `json:"format"`
	Made    time.Time `json:"made"`
	Query   string    `json:"query"`
	From    time.Time `json:"from,omitzero"` // event times in [from, to)
	To      time.Time `json:"to,omitzero"`
	Through uint64    `json:"through"` // covers the entries 1 to this

	Checkpoint string   `json:"checkpoint"` // of the ledger at that moment, signed
	Results    int64    `json:"results"`
	Root       string   `json:"root"`             // hex
	Events     []string `json:"events,omitempty"` // identifiers, where there are at most MaxListed

	Sources []Source `json:"sources"`
	Gaps    []Gap    `json:"gaps"`
}

// Source is what had been delivered by one source.
type Source struct {
	Name   string    `json:"name"`
	Host   string    `json:"host,omitempty"`
	Events int64     `json:"events"`
	First  time.Time `json:"first"` // event times
	Last   time.Time `json:"last"`
}

// Kinds of a Gap.
const (
	Missing = "missing" // record numbers that a source's own seals lack
	Broken  = "broken"  // seals of a source that did not hold
	Silent  = "silent"  // nothing came between two sealed heartbeats
)

// Gap is something that the search cannot have seen.
type Gap struct {
	Kind   string    `json:"kind"`
	Source string    `json:"source"`
	Host   string    `json:"host,omitempty"`
	What   string    `json:"what"` // e.g. "7 to 9"
	From   time.Time `json:"from,omitzero"`
	To     time.Time `json:"to,omitzero"`
	Event  string    `json:"event"` // the record that says so
}

// Results collects identifiers.
type Results struct{ ids []event.ID }

// Add takes one result; the order does not matter.
func (r *Results) Add(id event.ID) { r.ids = append(r.ids, id) }

// Seal puts count, root and list into the receipt.
func (r *Results) Seal(out *Receipt) {
	r.sort()
	hashes := make([]proof.Hash, len(r.ids))
	for i, id := range r.ids {
		hashes[i] = sha256.Sum256(append([]byte{0}, id.String()...)) // RFC 6962, section 2.1
	}
	root := proof.Root(hashes)
	out.Format, out.Results, out.Root, out.Events = Format, int64(len(r.ids)), hex.EncodeToString(root[:]), nil
	if len(r.ids) <= MaxListed {
		for _, id := range r.ids {
			out.Events = append(out.Events, id.String())
		}
	}
}

func (r *Results) sort() {
	slices.SortFunc(r.ids, func(a, b event.ID) int {
		return cmp.Or(cmp.Compare(a.Entry, b.Entry), cmp.Compare(a.Leaf, b.Leaf))
	})
	r.ids = slices.Compact(r.ids)
}

// Parse reads a receipt and checks that its parts agree.
func Parse(body []byte) (*Receipt, error) {
	r := new(Receipt)
	if err := json.Unmarshal(body, r); err != nil {
		return nil, fmt.Errorf("read receipt: %w", err)
	}
	if r.Format != Format {
		return nil, fmt.Errorf("read receipt: format is %q, want %q", r.Format, Format)
	}
	if r.Events == nil {
		if r.Results > 0 && r.Results <= MaxListed {
			return nil, errors.New("read receipt: its results are not listed")
		}
		return r, nil
	}
	var listed Results
	for _, text := range r.Events {
		id, err := event.ParseID(text)
		if err != nil {
			return nil, fmt.Errorf("read receipt: %w", err)
		}
		listed.Add(id)
	}
	var again Receipt
	listed.Seal(&again)
	if again.Root != r.Root || again.Results != r.Results {
		return nil, errors.New("read receipt: its list of results does not have its root")
	}
	return r, nil
}

// Difference is what another run of the same search found instead.
type Difference struct {
	Same    bool     `json:"same"`
	Root    string   `json:"root"` // of the other run, hex
	Results int64    `json:"results"`
	Omitted []string `json:"omitted"` // in the receipt, not found now
	Added   []string `json:"added"`   // found now, not in the receipt
	Listed  bool     `json:"listed"`  // false: the receipt has no list, so neither can be named
}

// Compare says whether a run found what the receipt says.
func (r *Receipt) Compare(run *Results) Difference {
	var again Receipt
	run.Seal(&again)
	d := Difference{
		Same: again.Root == r.Root, Root: again.Root, Results: again.Results,
		Omitted: []string{}, Added: []string{}, Listed: r.Events != nil || r.Results == 0,
	}
	if d.Same || !d.Listed {
		return d
	}
	had := make(map[string]bool, len(r.Events))
	for _, id := range r.Events {
		had[id] = true
	}
	for _, id := range run.ids {
		text := id.String()
		if !had[text] {
			d.Added = append(d.Added, text)
		}
		delete(had, text)
	}
	for _, id := range r.Events {
		if had[id] {
			d.Omitted = append(d.Omitted, id)
		}
	}
	return d
}
