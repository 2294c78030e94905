package journald

// object is the head of one object and where it stands.
type object struct {
	at    int64
	size  int64 // without the padding to 8 bytes
	kind  byte
	flags byte
}

// end is where the next object begins.
func (o object) end() int64 { return (o.at + o.size + 7) &^ 7 }

// smallest is the least size of an object of a kind.
func smallest(h *header, kind byte) int64 {
	switch kind {
	case kindData:
		return h.dataHead() + 1
	case kindField:
		return fieldHead + 1
	case kindEntry:
		return entryHead
	case kindDataTable, kindFieldTable:
		return objectHead
	case kindArray:
		return arrayHead
	case kindTag:
		return tagSize
	}
	return 0
}

// object reads the head of the object at an offset; false where none can be.
func (r *Reader) object(at int64) (object, bool) {
	if at&7 != 0 || at < r.head.size {
		return object{}, false
	}
	b, err := r.file.bytes(at, objectHead)
	if err != nil {
		return object{}, false
	}
	o := object{at: at, kind: b[0], flags: b[1]}
	size := u64(b, 8)
	switch least := smallest(&r.head, o.kind); {
	case least == 0 || size < uint64(least) || size > uint64(r.file.size-at):
		return object{}, false
	case b[2]|b[3]|b[4]|b[5]|b[6]|b[7] != 0:
		return object{}, false
	case o.kind == kindTag && size != tagSize:
		return object{}, false
	case o.kind != kindData && o.flags != 0:
		return object{}, false
	}
	switch o.flags {
	case 0, dataXZ, dataLZ4, dataZSTD:
	default:
		return object{}, false
	}
	o.size = int64(size)
	return o, true
}

// chained is how many objects must follow one another before bytes behind a
// damaged part are taken for objects.
const chained = 3

// plausible reports whether objects begin at an offset.
func (r *Reader) plausible(at int64) bool {
	for n := range chained {
		o, ok := r.object(at)
		if !ok {
			return n > 0 && r.blank(at)
		}
		at = o.end()
	}
	return true
}

// blank reports whether the file ends at an offset or was never written there.
func (r *Reader) blank(at int64) bool {
	b, err := r.file.bytes(at, min(objectHead, max(0, r.file.size-at)))
	if err != nil {
		return at >= r.file.size
	}
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// resync finds the next object at or behind an offset. written says that there
// was something before it.
func (r *Reader) resync(at int64) (next int64, written bool) {
	for at < r.file.size {
		n := min(r.file.size-at, pageBytes-at%pageBytes)
		b, err := r.file.bytes(at, n)
		if err != nil {
			return r.file.size, written
		}
		found := false
		for i := int64(0); i < n; i++ {
			if b[i] == 0 {
				continue
			}
			written = true
			if i&7 == 0 && b[i] <= kindTag {
				found, at, n = true, at+i, 0
			}
		}
		switch {
		case !found:
			at += n
		case r.plausible(at):
			return at, written
		default:
			at += 8
		}
	}
	return r.file.size, written
}

// dataTable knows the data objects that were read: where they are, what they
// add to the hash of an entry, and whether they can be read.
type dataTable struct {
	at   []uint32 // offset / 8, ascending; the highest bit marks unreadable ones
	sums []uint64
	refs []uint32 // how many entries refer to each
}

// Bounds on a file, by the memory for its data objects: 16 bytes each.
const (
	maxData   = 16 << 20
	maxFile   = 16 << 30
	lostData  = 1 << 31
	offsetMax = lostData - 1
)

func (t *dataTable) add(at int64, sum uint64, lost bool) (fits bool) {
	if len(t.at) == maxData {
		return false
	}
	key := uint32(at / 8)
	if lost {
		key |= lostData
	}
	t.at, t.sums, t.refs = append(t.at, key), append(t.sums, sum), append(t.refs, 0)
	return true
}

// find returns the sum of a data object and counts the reference to it; false where there is none that can be
// read.
func (t *dataTable) find(at uint64) (uint64, bool) {
	if at&7 != 0 || at/8 > offsetMax {
		return 0, false
	}
	want := uint32(at / 8)
	low, high := 0, len(t.at)
	for low < high {
		middle := int(uint(low+high) / 2)
		if t.at[middle]&offsetMax < want {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low == len(t.at) || t.at[low] != want {
		return 0, false
	}
	t.refs[low]++
	return t.sums[low], true
}
