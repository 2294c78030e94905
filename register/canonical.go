package register

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/evident-sec/evident/proof"
)

// Canonical returns an entity as JSON with sorted keys and without empty
// fields, under the names that the files use. Its place is not part of it.
func (it Item) Canonical() []byte {
	k, _ := kindNamed(it.Kind)
	body := k.shape.plain(reflect.ValueOf(it.Value).Elem())
	out, err := json.Marshal(map[string]any{it.Kind: body})
	if err != nil {
		panic(fmt.Sprintf("encode entity %s: %v", it.Entity.ID, err)) // texts, numbers and flags encode
	}
	return out
}

// plain turns a struct into a map of its non-empty fields.
func (s *shape) plain(v reflect.Value) map[string]any {
	out := map[string]any{}
	for _, f := range s.fields {
		fv := v.FieldByIndex(f.index)
		if fv.IsZero() || fv.Kind() == reflect.Slice && fv.Len() == 0 {
			continue
		}
		switch {
		case f.typ == dateType:
			out[f.key] = fv.Interface().(Date).Format(time.DateOnly)
		case f.shape != nil:
			var list []any
			for i := range fv.Len() {
				list = append(list, f.shape.plain(fv.Index(i)))
			}
			out[f.key] = list
		default:
			out[f.key] = fv.Interface()
		}
	}
	return out
}

// Hash returns the Merkle root (RFC 6962) over the canonical JSON of all
// entities in the order of kind and identifier. Each leaf is
// SHA-256(0x00 ‖ JSON).
func (r *Register) Hash() proof.Hash {
	var leaves []proof.Hash
	for _, it := range r.Items() {
		leaves = append(leaves, proof.Hash(sha256.Sum256(append([]byte{0}, it.Canonical()...))))
	}
	return proof.Root(leaves)
}
