package journal

import "sync"

// tail is the highest assigned sequence, which readers wait for to grow.
type tail struct {
	mu      sync.Mutex
	last    uint64
	changed chan struct{} // closed at the next advance
}

func (t *tail) advance(seq uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if seq <= t.last {
		return
	}
	t.last = seq
	if t.changed != nil {
		close(t.changed)
		t.changed = nil
	}
}

func (t *tail) get() (last uint64, changed <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.changed == nil {
		t.changed = make(chan struct{})
	}
	return t.last, t.changed
}
