package retro

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/sigma"
)

// selector chooses the candidates of files, for one goroutine.
type selector struct {
	r     *Reader
	kinds *kinds
}

// selection is the candidates of one file, in order.
type selection struct {
	ids    []event.ID
	events int64 // within the span
}

// wants reports whether any entry from first to last has a candidate.
func (s *selection) wants(first, last uint64) bool {
	i := s.from(first)
	return i < len(s.ids) && s.ids[i].Entry <= last
}

func (s *selection) from(entry uint64) int {
	return sort.Search(len(s.ids), func(i int) bool { return s.ids[i].Entry >= entry })
}

// records returns the candidates of an entry.
func (s *selection) records(entry uint64) []uint32 {
	var out []uint32
	for i := s.from(entry); i < len(s.ids) && s.ids[i].Entry == entry; i++ {
		out = append(out, s.ids[i].Leaf)
	}
	return out
}

// file chooses the candidates of a file.
func (x *selector) file(ctx context.Context, f lake.File) (*selection, error) {
	scan, err := x.r.cfg.Lake.OpenScan(f)
	if err != nil {
		return nil, fmt.Errorf("open sealed events: %w", err)
	}
	defer scan.Close()
	out := &selection{}
	for g := range scan.Groups() {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("read sealed events: %w", err)
		}
		if err := x.group(scan, g, out); err != nil {
			return nil, fmt.Errorf("read sealed events: %w", err)
		}
	}
	// Compacted files are in the order of hosts.
	slices.SortFunc(out.ids, func(a, b event.ID) int {
		return cmp.Or(cmp.Compare(a.Entry, b.Entry), cmp.Compare(a.Leaf, b.Leaf))
	})
	return out, nil
}

// group chooses the candidates of a row group.
func (x *selector) group(scan *lake.Scan, g int, out *selection) error {
	rows, err := scan.Rows(g)
	if err != nil {
		return err
	}
	s := sifting{selector: x, scan: scan, g: g, rows: rows, kinds: map[kindIndex]*sifter{}}
	same := scan.Mapping == x.r.cfg.Normalizer.Version()
	started := false
	for i := range rows.Entry {
		if !x.r.cfg.within(rows.Time[i]) {
			continue
		}
		if !started && same {
			if err := s.start(); err != nil {
				return err
			}
		}
		started = true
		out.events++
		may := true
		if same {
			if may, err = s.may(i); err != nil {
				return err
			}
		}
		if may {
			out.ids = append(out.ids, event.ID{Entry: uint64(rows.Entry[i]), Leaf: uint32(rows.Leaf[i])})
		}
	}
	return nil
}

// kindIndex is the places of a row's texts in the columns that tell kinds apart.
type kindIndex [len(kindColumns)]uint32

// sifting is the work on one row group.
type sifting struct {
	*selector
	scan  *lake.Scan
	g     int
	rows  *lake.Group
	heads [len(kindColumns)]*lake.Texts
	kinds map[kindIndex]*sifter
	last  kindIndex // and its sifter
	at    *sifter
}

// sifter is one kind of events in one row group.
type sifter struct {
	*kind
	texts   []*lake.Texts // by field, nil where no rule asks
	answers [][]int32     // by sieve and field, and place of the value, -1 where not asked yet
	tuple   []int32
}

func (s *sifting) start() (err error) {
	for i, name := range kindColumns {
		if s.heads[i], err = s.scan.Load(s.g, s.rows, name); err != nil {
			return err
		}
	}
	return nil
}

// may reports whether any rule may hold for a row's event.
func (s *sifting) may(row int) (bool, error) {
	var index kindIndex
	for i := range s.heads {
		index[i] = s.heads[i].Index[row]
	}
	if s.at == nil || index != s.last {
		var err error
		if s.at, err = s.sifter(index); err != nil {
			return false, err
		}
		s.last = index
	}
	k := s.at
	if k.all {
		return true, nil
	}
	for at, sieve := range k.sieves {
		if k.may(row, sieve, k.answers[at*len(k.texts):]) {
			return true, nil
		}
	}
	return false, nil
}

// may asks one sieve about a row.
func (k *sifter) may(row int, sieve *sigma.Sieve, answers [][]int32) bool {
	for i, t := range k.texts {
		if t == nil {
			continue
		}
		place := t.Index[row]
		if answers[i][place] < 0 {
			answers[i][place] = answer(sieve, i, t.Values[place])
		}
		k.tuple[i] = answers[i][place]
	}
	return sieve.May(k.tuple)
}

// sifter returns what sifts rows of a kind.
func (s *sifting) sifter(index kindIndex) (*sifter, error) {
	if k := s.kinds[index]; k != nil {
		return k, nil
	}
	var key kindKey
	for i := range key {
		key[i] = s.heads[i].Values[index[i]]
	}
	k := &sifter{kind: s.selector.kinds.of(&key)}
	s.kinds[index] = k
	if k.all {
		return k, nil
	}
	for _, sieve := range k.sieves {
		if sieve.Forget() {
			for _, other := range s.kinds {
				other.forget()
			}
		}
	}
	n := len(k.columns)
	k.texts, k.tuple = make([]*lake.Texts, n), make([]int32, n)
	k.answers = make([][]int32, n*len(k.sieves))
	for i, name := range k.columns {
		if name == "" {
			continue
		}
		var err error
		if k.texts[i], err = s.scan.Load(s.g, s.rows, name); err != nil {
			return nil, err
		}
		for at := range k.sieves {
			k.answers[at*n+i] = make([]int32, len(k.texts[i].Values))
		}
	}
	k.forget()
	return k, nil
}

// forget makes the sifter ask anew.
func (k *sifter) forget() {
	for _, answers := range k.answers {
		for i := range answers {
			answers[i] = -1
		}
	}
}

// answer asks the sieve about a value.
func answer(sieve *sigma.Sieve, field int, text string) int32 {
	switch read(text) {
	case textWhole:
		return sieve.Answer(field, text, false)
	case textList:
		return sieve.Answer(field, text, true)
	}
	return sigma.Unknown
}
