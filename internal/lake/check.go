package lake

import (
	"hash/crc64"

	"github.com/evident-sec/evident/event"
)

var crcTable = crc64.MakeTable(crc64.ECMA)

// CheckOf returns the check value that is stored beside a record: CRC-64/ECMA
// over salt and raw bytes. It only locates the altered record in an entry whose
// Merkle root no longer fits; it proves nothing.
func CheckOf(salt event.Salt, raw []byte) int64 {
	return int64(crc64.Update(crc64.Checksum(salt[:], crcTable), crcTable, raw))
}

// Checks returns the stored check values of an entry's records, in leaf order.
func (t *Table) Checks(f File, seq uint64) ([]int64, error) {
	r, err := t.openOriginals(f)
	if err != nil {
		return nil, err
	}
	defer r.close()
	for g := range r.NumRowGroups() {
		if first, last := r.groupRange(g); seq < first || seq > last {
			continue
		}
		checks, err := r.checks(g, seq)
		if err != nil {
			return nil, r.damaged(g, err)
		}
		if len(checks) > 0 {
			return checks, nil
		}
	}
	return nil, damage(f.Originals, seq, seq, ErrNotFound)
}

func (r *fileReader) checks(g int, seq uint64) (out []int64, err error) {
	err = guard(func() error {
		rows, err := r.groupRows(g)
		if err != nil {
			return err
		}
		entries, err := readInt64s(r, g, rows, ColEntry)
		if err != nil {
			return err
		}
		checks, err := readInt64s(r, g, rows, "check")
		if err != nil {
			return err
		}
		for i := range checks {
			if uint64(entries[i]) == seq {
				out = append(out, checks[i])
			}
		}
		return nil
	})
	return out, err
}
