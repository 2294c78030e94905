package simulate

import (
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// queue is a binary heap ordered by (at, seq); equal times keep their order.
type queue[T any] struct {
	items []queued[T]
	seq   uint64
}

type queued[T any] struct {
	at  time.Duration
	seq uint64
	val T
}

func (q *queue[T]) less(i, j int) bool {
	a, b := &q.items[i], &q.items[j]
	return a.at < b.at || a.at == b.at && a.seq < b.seq
}

func (q *queue[T]) push(at time.Duration, val T) {
	q.seq++
	q.items = append(q.items, queued[T]{at, q.seq, val})
	for i := len(q.items) - 1; i > 0; {
		up := (i - 1) / 2
		if !q.less(i, up) {
			return
		}
		q.items[i], q.items[up] = q.items[up], q.items[i]
		i = up
	}
}

// pop removes the earliest item; the queue must not be empty.
func (q *queue[T]) pop() (time.Duration, T) {
	first, last := q.items[0], len(q.items)-1
	q.items[0] = q.items[last]
	q.items[last] = queued[T]{}
	q.items = q.items[:last]
	for i := 0; ; {
		least := i
		for _, down := range [2]int{2*i + 1, 2*i + 2} {
			if down < last && q.less(down, least) {
				least = down
			}
		}
		if least == i {
			return first.at, first.val
		}
		q.items[i], q.items[least] = q.items[least], q.items[i]
		i = least
	}
}

// dice is one named stream of chance. Streams are independent, so a change in
// one habit does not move the choices of another.
type dice struct{ *rand.Rand }

func newDice(seed uint64, name string) dice {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return dice{rand.New(rand.NewPCG(seed, h.Sum64()))}
}

// span returns a duration from lo up to but not including hi.
func (d dice) span(lo, hi time.Duration) time.Duration {
	if hi <= lo {
		return lo
	}
	return lo + time.Duration(d.Int64N(int64(hi-lo)))
}

// gap returns an exponentially distributed pause with the given mean, at most
// five times the mean.
func (d dice) gap(mean time.Duration) time.Duration {
	return time.Duration(min(d.ExpFloat64(), 5) * float64(mean))
}

// between returns an integer from lo up to and including hi.
func (d dice) between(lo, hi int) int { return lo + d.IntN(hi-lo+1) }

func (d dice) chance(p float64) bool { return d.Float64() < p }

func pick[T any](d dice, list []T) T { return list[d.IntN(len(list))] }
