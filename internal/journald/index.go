package journald

import "slices"

// finish draws the conclusions that need the whole file.
func (r *Reader) finish() {
	v := &r.verdict
	v.Seals.Unsealed = r.open.entries
	if r.head.size == 0 || r.problems.Len() > 0 && v.Objects == 0 {
		return
	}
	if r.nameless > 0 {
		r.problems.Add(true, "", "%d fields without a proper name are left out", r.nameless)
	}
	if r.stopped {
		return
	}
	whole := r.size()
	r.counts(whole)
	r.index(whole)
	r.mentions(whole)
	r.sealEnd(whole)
}

// size reports whether the file is as long as its header says.
func (r *Reader) size() bool {
	want := uint64(r.head.size) + r.head.arena
	if want <= uint64(r.file.size) {
		return true
	}
	lost := r.head.tail >= uint64(r.file.size)
	r.problems.Add(lost, "", "the file is %d bytes long, its header says %d (truncated)", r.file.size, want)
	return false
}

// counts compares what was read with the header, which journald brings up to
// date with each entry. While a file is written, a copy of it can lag behind.
func (r *Reader) counts(whole bool) {
	h := &r.head
	if h.state == stateOnline || !whole {
		return
	}
	if n := uint64(len(r.entries)); h.entries != n {
		r.problems.Add(h.entries > n, "", "the header counts %d entries, %d are there", h.entries, n)
	}
	names := [...]string{
		kindData: "fields", kindField: "names of fields", kindTag: "seals", kindArray: "parts of the index",
	}
	for _, c := range h.counts {
		if r.seen[c.kind] != c.number {
			r.problems.Add(false, "", "the header counts %d %s, %d are there", c.number, names[c.kind], r.seen[c.kind])
		}
	}
	r.ends()
	if r.last.at > 0 && uint64(r.last.at) > h.tail {
		r.problems.Add(false, byteAt(r.last.at), "objects stand behind the last one that the header names")
	}
}

// ends compares the first and last entry with what the header says of them.
func (r *Reader) ends() {
	h, q := &r.head, &r.order
	if len(r.entries) == 0 {
		return
	}
	if h.lastSeq != q.last.seqnum || h.firstSeq != q.first.seqnum {
		r.problems.Add(false, "", "the header says that entries %d to %d are in the file, those here are %d to %d",
			h.firstSeq, h.lastSeq, q.first.seqnum, q.last.seqnum)
	}
	if h.firstTime != q.first.realtime || h.lastTime != q.last.realtime || h.lastMono != q.last.monotonic {
		r.problems.Add(false, "", "the times in the header are not those of the first and last entry: entries "+
			"were removed, added or changed at the ends")
	}
}

// index compares the entries with the file's own index of them: what journalctl
// shows is what the index holds, and no seal covers the index.
func (r *Reader) index(whole bool) {
	listed, ok := r.listed()
	if !ok {
		r.problems.Add(false, byteAt(int64(min(r.head.array, 1<<62))),
			"the file's index of its entries is damaged; they were read without it")
	}
	slices.Sort(listed)
	hidden, end := 0, 0 // end: those behind all that are listed
	at := 0
	for _, e := range r.entries {
		for at < len(listed) && listed[at] < e {
			at++
		}
		if at < len(listed) && listed[at] == e {
			hidden, end = hidden+end, 0
			continue
		}
		if at == len(listed) {
			end++
		} else {
			hidden++
		}
	}
	// The last ones are not listed yet where the file was copied while it grew.
	if r.head.state != stateOnline {
		hidden += end
	}
	if r.verdict.Hidden = hidden; hidden > 0 && whole && ok {
		r.problems.Add(false, "", "%d entries are in the file and not in its index: journalctl does not show "+
			"them; they are taken", hidden)
	}
}

// mentions compares what each field says of the entries that have it, by which
// journalctl finds entries, with those that were read.
func (r *Reader) mentions(whole bool) {
	if r.head.state == stateOnline || !whole || r.overfull {
		return
	}
	wrong := 0
	for i, key := range r.data.at {
		if key&lostData != 0 {
			continue
		}
		b, err := r.file.bytes(int64(key)*8, dataHead)
		if err != nil {
			return
		}
		first := u64(b, 40)
		_, there := slices.BinarySearch(r.entries, uint32(min(first/8, offsetMax)))
		if u64(b, 56) != uint64(r.data.refs[i]) || r.data.refs[i] > 0 && !there {
			wrong++
		}
	}
	if wrong > 0 {
		r.problems.Add(false, "", "%d fields do not name the entries that have them: entries were removed, or "+
			"hidden from searches by field", wrong)
	}
}

// listed returns the offsets / 8 that the index holds. Its parts follow one
// another in the file; one that points back would be a circle.
func (r *Reader) listed() (out []uint32, sound bool) {
	step := int64(8)
	if r.head.compact() {
		step = 4
	}
	sound = true
	for at, next := int64(0), r.head.array; next != 0; {
		if next >= uint64(r.file.size) || int64(next) <= at {
			return out, false
		}
		at = int64(next)
		o, ok := r.object(at)
		if !ok || o.kind != kindArray {
			return out, false
		}
		b, err := r.file.bytes(at, arrayHead)
		if err != nil {
			return out, false
		}
		next = u64(b, objectHead)
		if out, ok = r.offsets(o, step, out); !ok {
			sound = false
		}
	}
	return out, sound
}

// offsets appends those in one part of the index, of which the end may be empty.
func (r *Reader) offsets(o object, step int64, out []uint32) ([]uint32, bool) {
	var last uint64
	for at := o.at + arrayHead; at+step <= o.at+o.size; at += step {
		b, err := r.file.bytes(at, step)
		if err != nil {
			return out, false
		}
		var ref uint64
		if step == 4 {
			ref = uint64(u32(b, 0))
		} else {
			ref = u64(b, 0)
		}
		if ref == 0 {
			return out, true
		}
		if ref&7 != 0 || ref >= uint64(r.file.size) || ref <= last {
			return out, false
		}
		last = ref
		if _, found := slices.BinarySearch(r.entries, uint32(ref/8)); !found {
			return out, false
		}
		out = append(out, uint32(ref/8))
	}
	return out, true
}
