package turns

import (
	"context"
	"sync"
	"time"
)

// Turns are the questions being answered. The zero value is ready to use.
type Turns struct {
	mu   sync.Mutex
	next int
	end  map[int]context.CancelCauseFunc
	none chan struct{} // closed when the last one is over; nil while there is none
}

// Begin adds a question; the context ends with the cause late after limit (0:
// never), and with the cause given to GiveWay. The function says that the
// question is over.
func (r *Turns) Begin(
	ctx context.Context, limit time.Duration, late error,
) (context.Context, func()) {
	ctx, end := context.WithCancelCause(ctx)
	stop := func() {}
	if limit > 0 {
		ctx, stop = context.WithTimeoutCause(ctx, limit, late)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.end == nil {
		r.end = make(map[int]context.CancelCauseFunc)
	}
	if len(r.end) == 0 {
		r.none = make(chan struct{})
	}
	r.next++
	id := r.next
	r.end[id] = end
	return ctx, func() {
		stop()
		end(nil)
		r.mu.Lock()
		defer r.mu.Unlock()
		if delete(r.end, id); len(r.end) == 0 {
			close(r.none)
		}
	}
}

// patience is how long GiveWay waits.
const patience = 10 * time.Second

// GiveWay ends all questions with a cause and waits until they are over, ten
// seconds at most.
func (r *Turns) GiveWay(why error) {
	r.mu.Lock()
	none := r.none
	if len(r.end) == 0 {
		none = nil
	}
	for _, end := range r.end {
		end(why)
	}
	r.mu.Unlock()
	if none == nil {
		return
	}
	select {
	case <-none:
	case <-time.After(patience):
	}
}
