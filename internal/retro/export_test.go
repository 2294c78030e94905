package retro

import (
	"context"

	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/sigma"
)

// OpenRules returns the rules for which no event of some kind in the files can
// be skipped on account of a column.
func OpenRules(ctx context.Context, cfg Config, files []lake.File) (map[*sigma.Rule]bool, error) {
	x := selector{r: New(cfg), kinds: newKinds(cfg.Normalizer, cfg.Plan)}
	for _, f := range files {
		if _, err := x.file(ctx, f); err != nil {
			return nil, err
		}
	}
	out := map[*sigma.Rule]bool{}
	for _, k := range x.kinds.known {
		for _, sieve := range k.sieves {
			for _, r := range sieve.Open() {
				out[r] = true
			}
		}
	}
	return out, nil
}
