package sieve

// bitsPerValue and probes give about one false positive in 300.
const (
	bitsPerValue = 12
	probes       = 8
)

// Filter is a Bloom filter over hashes. It is not changed once it is made.
type Filter struct {
	bits []uint64
}

// New returns the filter of some hashes, which may repeat.
func New(hashes []uint64) Filter {
	f := Filter{make([]uint64, max(1, (len(hashes)*bitsPerValue+63)/64))}
	for _, h := range hashes {
		for range probes {
			at := f.place(h)
			f.bits[at/64] |= 1 << (at % 64)
			h = next(h)
		}
	}
	return f
}

// May reports whether the hash may have been among those of the filter; false
// is certain.
func (f Filter) May(h uint64) bool {
	for range probes {
		at := f.place(h)
		if f.bits[at/64]&(1<<(at%64)) == 0 {
			return false
		}
		h = next(h)
	}
	return true
}

func (f Filter) place(h uint64) uint64 { return h % uint64(len(f.bits)*64) }

// next is a step of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom
// Number Generators, 2014).
func next(h uint64) uint64 {
	h += 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// size is how many bytes the filter takes.
func (f Filter) size() int { return len(f.bits) * 8 }
