package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/posture"
	"github.com/evident-sec/evident/internal/search"
)

// maxSealed bounds the sealed reviews that are looked at.
const maxSealed = 1000

// sealedBody is a signed review in the journal. Its signatures are not checked
// here: the server does not know the signers' public keys.
type sealedBody struct {
	Event  string    `json:"event"`
	Time   time.Time `json:"time"`
	Result string    `json:"result"`
	Day    string    `json:"day"`
	Report string    `json:"report_sha256"`
	Keys   int       `json:"keys"`    // signatures
	Roles  []string  `json:"signers"` // none without the role
}

// errEnough ends a search that has found enough.
var errEnough = errors.New("enough")

// sealed returns the signed reviews of the same change to the same register,
// newest first.
func (a *API) sealed(ctx context.Context, of *posture.ReviewSummary, depth posture.Depth) (
	[]sealedBody, error,
) {
	out := []sealedBody{}
	if a.node.Engine() == nil {
		return out, nil
	}
	query, err := search.ParseOwn("api.operation:review-sealed AND api.service.name:evident")
	if err != nil {
		return nil, err
	}
	var ids []event.ID
	asked := search.Request{Query: query, Columns: []event.Attr{}}
	err = a.node.Engine().Each(ctx, asked, func(r search.Row) error {
		if ids = append(ids, r.ID); len(ids) == maxSealed {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, fmt.Errorf("find sealed reviews: %w", err)
	}
	for _, id := range ids {
		b, ok, err := a.sealedOf(ctx, id, of)
		if err != nil {
			return nil, err
		}
		if ok && depth == posture.Counts {
			b.Roles = []string{}
		}
		if ok {
			out = append([]sealedBody{b}, out...)
		}
	}
	return out, nil
}

// sealedOf reads one record; it must be one that Evident itself wrote and be of
// the change.
func (a *API) sealedOf(ctx context.Context, id event.ID, of *posture.ReviewSummary) (sealedBody, bool, error) {
	e, err := a.node.Entry(ctx, id.Entry)
	if err != nil {
		return sealedBody{}, false, fmt.Errorf("read sealed review: %w", err)
	}
	if e.Source != node.ReviewSource || int(id.Leaf) >= len(e.Records) {
		return sealedBody{}, false, nil
	}
	var kept struct {
		Time   time.Time `json:"time"`
		Record string    `json:"record"`
	}
	if json.Unmarshal(e.Records[id.Leaf].Raw, &kept) != nil {
		return sealedBody{}, false, nil // erased, or of a later version
	}
	b := sealedBody{Event: id.String(), Time: kept.Time, Roles: []string{}}
	said := map[string]string{}
	for line := range strings.Lines(kept.Record) {
		if name, ok := strings.CutPrefix(line, "— "); ok {
			name, _, _ = strings.Cut(name, " ")
			b.Roles = append(b.Roles, name)
			continue
		}
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		said[key] = value
	}
	b.Keys, b.Result, b.Day, b.Report = len(b.Roles), said["result"], said["day"], said["report"]
	return b, said["base"] == of.Base && said["next"] == of.Next, nil
}
