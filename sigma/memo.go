package sigma

import "hash/maphash"

// valueMemo remembers which predicates of a slot the index found for a text:
// program names, users, keys and command lines come again and again. Its memory
// is bounded: what is written stays until the space for texts or results is
// full, then all is forgotten at once. Looking up costs about as much as
// comparing the text.
type valueMemo struct {
	seed    maphash.Seed
	entries []memoEntry
	text    []byte
	found   []int32
	round   uint32 // entries of earlier rounds are forgotten
}

// memoEntry is one text of one slot.
type memoEntry struct {
	hash        uint64
	slot        uint32 // memoStats.id
	round       uint32
	text        uint32 // where in text
	length      uint32
	found       uint32 // where in found
	foundLength uint32
}

// Bounds of a matcher's memo: 1 MiB of texts, 256 KiB of results, 640 KiB of
// entries.
const (
	memoEntries = 1 << 14
	memoText    = 1 << 20
	memoFound   = 1 << 16
	memoLongest = 4 << 10 // bytes of a text that is worth remembering
)

// memoStats decides for one slot whether remembering pays: a slot whose texts
// are hardly ever the same again is left alone for a while.
type memoStats struct {
	id           uint32
	asked, known uint16
	rest         uint16
}

const (
	memoSample = 512
	memoRest   = 8192
)

// pays counts a question and reports whether to ask the memo.
func (s *memoStats) pays() bool {
	if s.rest > 0 {
		s.rest--
		return false
	}
	if s.asked++; s.asked == memoSample {
		if s.known < memoSample/8 {
			s.rest = memoRest
		}
		s.asked, s.known = 0, 0
	}
	return true
}

func newValueMemo() valueMemo {
	return valueMemo{seed: maphash.MakeSeed(), round: 1}
}

// get returns what was found for the text, or the place to put it.
func (v *valueMemo) get(slot uint32, text string) (e *memoEntry, found []int32, ok bool) {
	if v.entries == nil {
		v.entries = make([]memoEntry, memoEntries)
		v.text, v.found = make([]byte, 0, memoText), make([]int32, 0, memoFound)
	}
	h := maphash.String(v.seed, text) ^ uint64(slot)*0x9E3779B97F4A7C15
	at := h & (memoEntries - 1)
	for _, i := range [2]uint64{at, at ^ 1} {
		e = &v.entries[i]
		if e.hash == h && e.round == v.round && e.slot == slot &&
			string(v.text[e.text:e.text+e.length]) == text {
			return e, v.found[e.found : e.found+e.foundLength], true
		}
	}
	if first := &v.entries[at]; first.round != v.round {
		e = first
	}
	e.hash, e.slot = h, slot
	e.round = 0
	return e, nil, false
}

// put remembers what was found for the text at the place get returned.
func (v *valueMemo) put(e *memoEntry, text string, found []int32) {
	if len(found) > memoFound/64 {
		return
	}
	if len(v.text)+len(text) > memoText || len(v.found)+len(found) > memoFound {
		v.text, v.found = v.text[:0], v.found[:0]
		if v.round++; v.round == 0 {
			clear(v.entries)
			v.round = 1
		}
	}
	e.round = v.round
	e.text, e.length = uint32(len(v.text)), uint32(len(text))
	e.found, e.foundLength = uint32(len(v.found)), uint32(len(found))
	v.text = append(v.text, text...)
	v.found = append(v.found, found...)
}
