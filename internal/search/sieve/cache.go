package sieve

import (
	"container/list"
	"sync"
)

// Key names a column of a file.
type Key struct{ Path, Column string }

// Cache keeps filters up to a number of bytes; those not asked for longest go
// first. Its methods are safe for concurrent use.
type Cache struct {
	limit int

	mu    sync.Mutex
	bytes int
	of    map[Key]*list.Element
	order *list.List // of entry, the last asked for in front
	asked map[string]bool
}

type entry struct {
	key    Key
	filter Filter
}

// entryBytes is what an entry takes besides its filter, about.
const entryBytes = 300

// NewCache returns a cache of so many bytes.
func NewCache(limit int) *Cache {
	return &Cache{limit: limit, of: map[Key]*list.Element{}, order: list.New(), asked: map[string]bool{}}
}

// Again reports whether a column was asked for before, and notes that it is:
// filters are worth making for columns that are asked for again.
func (c *Cache) Again(column string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	again := c.asked[column]
	c.asked[column] = true
	return again
}

// Get returns the filter of a column, false where it is not known.
func (c *Cache) Get(k Key) (Filter, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.of[k]
	if !ok {
		return Filter{}, false
	}
	c.order.MoveToFront(at)
	return at.Value.(entry).filter, true
}

// Put keeps a filter. One that is larger than the whole cache is not kept.
func (c *Cache) Put(k Key, f Filter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of[k] != nil || f.size()+entryBytes > c.limit {
		return
	}
	c.of[k] = c.order.PushFront(entry{k, f})
	c.bytes += f.size() + entryBytes
	for c.bytes > c.limit {
		last := c.order.Back()
		e := c.order.Remove(last).(entry)
		delete(c.of, e.key)
		c.bytes -= e.filter.size() + entryBytes
	}
}
