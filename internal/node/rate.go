package node

import (
	"sync"
	"time"
)

// rate is events per second over the last few seconds.
type rate struct {
	mu     sync.Mutex
	points []ratePoint
}

type ratePoint struct {
	at     time.Time
	events int64
}

// rateWindow is how far back the rate looks.
const rateWindow = 5 * time.Second

// at notes that events were processed in all by now and returns the rate.
func (r *rate) at(now time.Time, events int64) float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.points) > 1 && now.Sub(r.points[0].at) > rateWindow {
		r.points = r.points[1:]
	}
	if n := len(r.points); n == 0 || now.Sub(r.points[n-1].at) > 200*time.Millisecond {
		r.points = append(r.points, ratePoint{now, events})
	}
	first := r.points[0]
	span := now.Sub(first.at).Seconds()
	if span <= 0 {
		return 0
	}
	return float64(events-first.events) / span
}
