package api

import (
	"context"
	"slices"
)

// Caller is who makes a request, as a pseudonym.
type Caller struct {
	ID     string   `json:"id"`
	Role   string   `json:"role"`
	Grants []string `json:"grants,omitempty"` // roles held besides, e.g. ExposureDetail
}

// May reports whether the caller holds a role.
func (c Caller) May(role string) bool { return c.Role == role || slices.Contains(c.Grants, role) }

type callerKey struct{}

// WithCaller returns a context that carries the caller. Only the session layer
// calls it.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerFrom returns the caller of a request; the zero Caller, which may do
// nothing, where the session layer has set none.
func CallerFrom(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}
