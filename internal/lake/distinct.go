package lake

import "hash/maphash"

// distinct numbers the distinct texts of a column in the order in which they
// come. It is a hash table of its own because the texts lie one after the other,
// as a Parquet dictionary wants them: nothing is allocated for a single text,
// and there is nothing in it for the garbage collector to follow.
type distinct struct {
	seed  maphash.Seed
	slots []uint32 // number of a text + 1, 0 where free; a power of two of them
	texts texts
}

// texts are texts one after the other; the first begins at 0.
type texts struct {
	bytes []byte
	ends  []int32 // where each ends
}

func (t *texts) add(s string) {
	t.bytes = append(t.bytes, s...)
	t.ends = append(t.ends, int32(len(t.bytes)))
}

func (t *texts) addBytes(b []byte) {
	t.bytes = append(t.bytes, b...)
	t.ends = append(t.ends, int32(len(t.bytes)))
}

func (t *texts) at(i uint32) []byte {
	from := int32(0)
	if i > 0 {
		from = t.ends[i-1]
	}
	return t.bytes[from:t.ends[i]]
}

func (t *texts) len() int { return len(t.ends) }

func (t *texts) reset() { t.bytes, t.ends = t.bytes[:0], t.ends[:0] }

// find returns the number of a text and whether it is there; where it is not,
// slot is the place for it.
func (d *distinct) find(s string) (number uint32, slot int, ok bool) {
	mask := len(d.slots) - 1
	slot = int(maphash.String(d.seed, s)) & mask
	for {
		n := d.slots[slot]
		if n == 0 {
			return 0, slot, false
		}
		if string(d.texts.at(n-1)) == s {
			return n - 1, slot, true
		}
		slot = (slot + 1) & mask
	}
}

// number returns the number of a text, and takes it in where it is new.
func (d *distinct) number(s string) uint32 {
	if 2*(d.texts.len()+1) > len(d.slots) {
		d.grow()
	}
	n, slot, ok := d.find(s)
	if !ok {
		n = uint32(d.texts.len())
		d.texts.add(s)
		d.slots[slot] = n + 1
	}
	return n
}

func (d *distinct) grow() {
	if d.slots == nil {
		d.seed = maphash.MakeSeed()
	}
	d.slots = make([]uint32, max(64, 2*len(d.slots)))
	mask := len(d.slots) - 1
	for i := range uint32(d.texts.len()) {
		slot := int(maphash.Bytes(d.seed, d.texts.at(i))) & mask
		for d.slots[slot] != 0 {
			slot = (slot + 1) & mask
		}
		d.slots[slot] = i + 1
	}
}

func (d *distinct) reset() {
	clear(d.slots)
	d.texts.reset()
}
