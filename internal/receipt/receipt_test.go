package receipt_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/receipt"
)

func drawn(t *rapid.T) []event.ID {
	return rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) event.ID {
		return event.ID{Entry: rapid.Uint64Range(1, 40).Draw(t, "entry"), Leaf: rapid.Uint32Range(0, 20).Draw(t, "leaf")}
	}), 1, 60, rapid.ID[event.ID]).Draw(t, "ids")
}

func collect(ids []event.ID) *receipt.Results {
	var r receipt.Results
	for _, id := range ids {
		r.Add(id)
	}
	return &r
}

// TestOneRowMore: the same results in any order have the same root; one that is
// left out, or added, is named.
func TestOneRowMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := drawn(t)
		var made receipt.Receipt
		collect(ids).Seal(&made)
		body, err := json.Marshal(made)
		if err != nil {
			t.Fatal(err)
		}
		r, err := receipt.Parse(body)
		if err != nil {
			t.Fatal(err)
		}
		shuffled := slices.Clone(ids)
		rng := rand.New(rand.NewPCG(1, rapid.Uint64().Draw(t, "seed")))
		rng.Shuffle(len(shuffled), func(i, k int) { shuffled[i], shuffled[k] = shuffled[k], shuffled[i] })
		if d := r.Compare(collect(shuffled)); !d.Same || len(d.Omitted)+len(d.Added) > 0 {
			t.Fatalf("the same results differ: %+v", d)
		}
		at := rapid.IntRange(0, len(ids)-1).Draw(t, "lost")
		d := r.Compare(collect(slices.Delete(slices.Clone(ids), at, at+1)))
		if d.Same || !slices.Equal(d.Omitted, []string{ids[at].String()}) || len(d.Added) > 0 {
			t.Fatalf("without %v: %+v", ids[at], d)
		}
		more := event.ID{Entry: 99, Leaf: 1}
		d = r.Compare(collect(append(slices.Clone(ids), more)))
		if d.Same || !slices.Equal(d.Added, []string{more.String()}) || len(d.Omitted) > 0 {
			t.Fatalf("with %v: %+v", more, d)
		}
	})
}

func TestBadReceipts(t *testing.T) {
	var made receipt.Receipt
	collect([]event.ID{{Entry: 1}, {Entry: 2}}).Seal(&made)
	for name, edit := range map[string]func(*receipt.Receipt){
		"format":  func(r *receipt.Receipt) { r.Format = "other" },
		"list":    func(r *receipt.Receipt) { r.Events = r.Events[:1] },
		"no list": func(r *receipt.Receipt) { r.Events = nil },
		"count":   func(r *receipt.Receipt) { r.Results++ },
		"id":      func(r *receipt.Receipt) { r.Events = []string{"x"} },
	} {
		r := made
		edit(&r)
		body, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := receipt.Parse(body); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
