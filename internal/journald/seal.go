package journald

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"hash"
	"math/big"

	"github.com/evident-sec/evident/internal/flaw"
)

// tag is one seal and the entries between it and the one before.
type tag struct {
	at          int64
	end         int64
	seqnum      uint64 // of the tag
	epoch       uint64
	mac         [sha256.Size]byte
	entries     int
	first, last uint64 // sequence numbers of the entries
	from, until uint64 // their earliest and latest time, microseconds
}

func (t *tag) add(p *place) {
	if t.entries++; t.entries == 1 {
		t.first, t.from, t.until = p.seqnum, p.realtime, p.realtime
	}
	t.last = p.seqnum
	t.from, t.until = min(t.from, p.realtime), max(t.until, p.realtime)
}

// covers names the entries under a seal.
func (t *tag) covers() string {
	switch t.entries {
	case 0:
		return "no entries"
	case 1:
		return fmt.Sprintf("entry %d", t.first)
	}
	return fmt.Sprintf("entries %d to %d", t.first, t.last)
}

// maxTags bounds the seals of one file; at one in 15 minutes these are 29 years.
const maxTags = 1 << 20

// takeTag checks that seals follow one another, which needs no key.
func (r *Reader) takeTag(o object) {
	b, err := r.file.bytes(o.at, tagSize)
	if err != nil {
		return
	}
	s := &r.verdict.Seals
	t := r.open
	t.at, t.end, t.seqnum, t.epoch = o.at, o.end(), u64(b, 16), u64(b, 24)
	copy(t.mac[:], b[tagSealed:])
	if s.Count++; s.Count > maxTags {
		return
	}
	where := byteAt(o.at)
	if !s.Sealed {
		r.problems.Add(false, where, "a seal in a file that is not marked as sealed")
	}
	due := uint64(1)
	if len(r.tags) > 0 {
		due = r.tags[len(r.tags)-1].seqnum + 1
	}
	if t.seqnum != due {
		r.problems.Add(false, where, "this seal is number %d where number %d is due: seals were removed or added",
			t.seqnum, due)
	}
	if len(r.tags) == 0 {
		s.First = t.epoch
	} else {
		r.follows(where, &r.tags[len(r.tags)-1], &t)
	}
	s.Last = t.epoch
	r.tags, r.open = append(r.tags, t), tag{}
}

// follows compares the epochs of two seals that stand behind one another.
func (r *Reader) follows(where string, before, t *tag) {
	s := &r.verdict.Seals
	switch {
	case t.epoch < before.epoch:
		r.problems.Add(false, where, "this seal is of epoch %d and stands behind one of epoch %d",
			t.epoch, before.epoch)
	case t.epoch-before.epoch > 1 && s.Continuous:
		r.problems.Add(false, where, "the seals of the epochs %s are missing: removed, or entries of that time "+
			"were cut out", Range{before.epoch + 1, t.epoch - 1})
	case t.epoch-before.epoch > 1:
		s.Jumps++
	}
}

// sealEnd checks that a file that was closed ends with a seal, as journald leaves
// it.
func (r *Reader) sealEnd(whole bool) {
	s := &r.verdict.Seals
	if s.Count > maxTags {
		r.problems.Add(false, "", "more than %d seals; those behind are not checked", maxTags)
	}
	if !s.Sealed || !whole || r.head.state == stateOnline || r.verdict.Objects == 0 {
		return
	}
	switch {
	case s.Count == 0:
		r.problems.Add(false, "", "the file is marked as sealed and has no seal: cut off, or never sealed")
	case r.last.kind != kindTag:
		r.problems.Add(false, "", "the file was closed and does not end with a seal: its last %d entries were "+
			"added, or the end was cut off", s.Unsealed)
	}
}

// maxSealCost bounds the work for the keys of one file's seals: some seconds.
const maxSealCost = 5 << 20

// Verify checks the seals with the keys, of which one fits. Call it after Next
// has returned io.EOF.
func (r *Reader) Verify(keys []*Key) {
	s := &r.verdict.Seals
	if len(r.tags) == 0 || len(keys) == 0 {
		return
	}
	var best *check
	for _, key := range keys {
		c := &check{r: r, key: key, gen: key.generator()}
		c.run()
		if best == nil || c.good > best.good {
			best = c
		}
		if c.good > 0 {
			break
		}
	}
	s.Checked, s.Good = true, best.good
	if best.good == 0 {
		r.problems.Add(false, "", "none of the %d forward-secure seals matches: the verification key given is not "+
			"this file's, or the file was changed from its beginning", len(r.tags))
		return
	}
	s.Verified, s.From, s.Until = best.verified, micros(best.from), micros(best.until)
	r.problems.Join(&best.problems)
}

// check is the seals of a file under one key.
type check struct {
	r           *Reader
	key         *Key
	gen         *generator
	cost        int
	good        int
	verified    int // entries under the seals before the first that fails
	from, until uint64
	broken      bool
	problems    flaw.List
}

func (c *check) run() {
	begin := int64(0)
	floor := uint64(0) // when the epoch of the last good seal began
	for i := range c.r.tags {
		t := &c.r.tags[i]
		if c.cost > maxSealCost {
			c.problems.Add(false, byteAt(t.at), "the epochs of the seals jump so much that those from here "+
				"on are not checked")
			return
		}
		if c.one(begin, t, &floor) && !c.broken {
			c.verified += t.entries
			if c.from == 0 {
				c.from = c.key.begin(t.epoch)
			}
			c.until = c.key.begin(t.epoch + 1)
		} else {
			c.broken = true
		}
		begin = t.end
	}
}

// one checks one seal and the times of the entries under it.
func (c *check) one(begin int64, t *tag, floor *uint64) bool {
	where := byteAt(t.at)
	if !c.matches(begin, t) {
		c.problems.Add(false, where, "the seal over %s (epoch %d, from %s) does not match: something there was "+
			"changed, removed or added after it was sealed", t.covers(), t.epoch,
			micros(c.key.begin(t.epoch)).Format("2006-01-02T15:04:05Z"))
		return false
	}
	c.good++
	sound := true
	if end := c.key.begin(t.epoch + 1); t.entries > 0 && t.until >= end {
		c.problems.Add(false, where, "an entry of %s is later than its seal (%s and %s): put there with an old key",
			t.covers(), micros(t.until).Format("2006-01-02T15:04:05Z"), micros(end).Format("2006-01-02T15:04:05Z"))
		sound = false
	}
	if t.entries > 0 && t.from < *floor {
		c.problems.Add(false, where, "an entry of %s is earlier than the seal before it: put there later, or the "+
			"clock was set back", t.covers())
		sound = false
	}
	*floor = max(*floor, c.key.begin(t.epoch))
	return sound
}

// matches computes the HMAC over everything from the seal before to this one.
func (c *check) matches(begin int64, t *tag) bool {
	c.cost += c.gen.at(t.epoch)
	mac := hmac.New(sha256.New, c.gen.key())
	if begin == 0 {
		c.r.head.seal(mac)
		begin = c.r.head.size
	}
	for at := begin; at <= t.at; {
		o, ok := c.r.object(at)
		if !ok || !c.r.sealObject(mac, o) {
			return false
		}
		at = o.end()
	}
	return hmac.Equal(mac.Sum(nil), t.mac[:])
}

// seal writes what never changes of a header.
func (h *header) seal(w hash.Hash) {
	for _, part := range [][2]int{{0, 16}, {24, 56}, {72, 96}, {104, 136}} {
		w.Write(h.sealed[part[0]:part[1]])
	}
}

// sealObject writes what never changes of an object: its head always, of data and
// names the hash and the payload, of entries all, of tags all but the HMAC.
func (r *Reader) sealObject(w hash.Hash, o object) bool {
	parts := [][2]int64{{0, objectHead}}
	switch o.kind {
	case kindData:
		parts = append(parts, [2]int64{objectHead, 24}, [2]int64{r.head.dataHead(), o.size})
	case kindField:
		parts = append(parts, [2]int64{objectHead, 24}, [2]int64{fieldHead, o.size})
	case kindEntry:
		parts = append(parts, [2]int64{objectHead, o.size})
	case kindTag:
		parts = append(parts, [2]int64{objectHead, tagSealed})
	}
	for _, part := range parts {
		for at, end := o.at+part[0], o.at+part[1]; at < end; {
			b, err := r.file.bytes(at, min(end-at, pageBytes-at%pageBytes))
			if err != nil {
				return false
			}
			w.Write(b)
			at += int64(len(b))
		}
	}
	return true
}

func clone(x *big.Int) *big.Int { return new(big.Int).Set(x) }
