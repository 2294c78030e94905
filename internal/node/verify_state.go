package node

import (
	"context"
	"fmt"
)

// derived checks the state. It is no evidence, and everything in it can be
// derived again, but a finding that changed would mislead.
func (v *verifier) derived(ctx context.Context) error {
	faults, err := v.n.state.Check(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		v.fail("state", v.n.state.Path(), "%v", err)
	}
	for _, f := range faults {
		v.fail("state", fmt.Sprintf("%s, %s", v.n.state.Path(), f.Where), "%s", f.Text)
	}
	return nil
}
