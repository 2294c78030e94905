package journald

import "fmt"

// takeEntry writes an entry in the export format; nil where it cannot be given.
func (r *Reader) takeEntry(o object) []byte {
	r.entries = append(r.entries, uint32(o.at/8))
	b, err := r.file.bytes(o.at, entryHead)
	if err != nil {
		return nil
	}
	p := place{
		seqnumID: r.head.seqnumID, bootID: [16]byte(b[40:56]), seqnum: u64(b, 16),
		realtime: u64(b, 24), monotonic: u64(b, 32), xor: u64(b, 56),
	}
	r.follow(o, &p)
	r.raw = appendPlace(r.raw[:0], &p)
	e := entryState{bootField: "_BOOT_ID=" + hexID(p.bootID)}
	if err := r.items(o, &e); err != nil {
		r.problems.Add(true, byteAt(o.at), "entry %d is left out: %v", p.seqnum, err)
		return nil
	}
	switch {
	case e.lost > 0:
		r.problems.Add(true, byteAt(o.at), "entry %d: %d of its fields cannot be read; it is taken without them",
			p.seqnum, e.lost)
	case e.sum != p.xor || e.unlike > 0:
		r.verdict.Unsound++
		r.problems.Add(false, byteAt(o.at), "entry %d does not match the hash over its fields: changed or damaged",
			p.seqnum)
	}
	r.nameless += e.nameless
	if r.budget -= int64(len(r.raw)); r.budget < 0 {
		r.problems.Add(true, byteAt(o.at), "the entries are more than %d times the file together: no journal "+
			"that journald wrote; those from here on are left out", budgetRatio)
		r.budget, r.at, r.stopped = 0, r.file.size, true
		return nil
	}
	return r.raw[:len(r.raw)-1] // without the last line feed
}

// entryState is what was found while the fields of one entry were read.
type entryState struct {
	bootField string
	sum       uint64 // over all fields
	lost      int    // fields that are not there
	unlike    int    // fields whose hash is not the one the entry gives
	nameless  int
}

var errLongEntry = fmt.Errorf("it is longer than the %d bytes that one record may have", MaxEntryBytes)

// items appends the fields of an entry.
func (r *Reader) items(o object, e *entryState) error {
	step := int64(16)
	if r.head.compact() {
		step = 4
	}
	if (o.size-entryHead)%step != 0 {
		e.lost++
	}
	for at := o.at + entryHead; at+step <= o.at+o.size; at += step {
		b, err := r.file.bytes(at, step)
		if err != nil {
			return err
		}
		var ref, hash uint64
		if step == 4 {
			ref = uint64(u32(b, 0))
		} else {
			ref, hash = u64(b, 0), u64(b, 8)
		}
		if err := r.item(ref, hash, e); err != nil {
			return err
		}
		if len(r.raw) > MaxEntryBytes {
			return errLongEntry
		}
		if int64(len(r.raw)) > r.budget {
			return nil
		}
	}
	return r.file.err
}

// item appends one field. Only fields that stand before the entry are its own:
// journald writes them first, and a seal over the entry covers them.
func (r *Reader) item(ref, hash uint64, e *entryState) error {
	sum, ok := r.data.find(ref)
	if !ok {
		e.lost++
		return nil
	}
	o, ok := r.object(int64(ref))
	if !ok || o.kind != kindData {
		e.lost++
		return r.file.err
	}
	own, content, err := r.payload(o)
	if err != nil {
		e.lost++
		return r.file.err
	}
	e.sum ^= sum
	if !r.head.compact() && own != hash {
		e.unlike++
	}
	if string(content) == e.bootField {
		return nil // it is among the first lines
	}
	if r.raw, ok = appendField(r.raw, content); !ok {
		e.nameless++
	}
	return nil
}

// order follows the numbers and clocks of the entries.
type order struct {
	first, last place
	boots       map[[16]byte]uint64 // monotonic clock of each boot
}

// maxBoots bounds the boots whose clocks are followed.
const maxBoots = 1 << 12

// follow checks that numbers and clocks go forward.
func (r *Reader) follow(at object, p *place) {
	q := &r.order
	where := byteAt(at.at)
	if len(r.entries) == 1 {
		q.first = *p
	} else if p.seqnum <= q.last.seqnum {
		r.problems.Add(false, where, "entry %d stands behind entry %d: copied, or put there later",
			p.seqnum, q.last.seqnum)
	}
	if p.realtime < q.last.realtime {
		r.verdict.ClockBack++
	}
	before, known := q.boots[p.bootID]
	if known && p.monotonic < before {
		r.problems.Add(false, where, "entry %d is earlier than the one before it by the clock of its boot",
			p.seqnum)
	}
	if known || len(q.boots) < maxBoots {
		q.boots[p.bootID] = p.monotonic
	}
	q.last = *p
	r.verdict.Numbers = addNumber(r.verdict.Numbers, p.seqnum)
	r.open.add(p)
}
