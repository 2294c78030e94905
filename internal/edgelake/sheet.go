package edgelake

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/causal/edge"
	"github.com/evident-sec/evident/internal/lake"
)

// The columns of a file of edges, see docs/formats/edges.md. A row is an edge;
// a record with several has its own columns in the first row only, and one
// without any has one row without a verb. Where a record comes from stands in
// the first row of the file that has its number; later rows have the number, and
// the host.
const (
	colEntry = iota
	colLeaf
	colTime
	colClass
	colPlace // number of the origin
	colSequence
	colClock
	colFlags
	colVerb
	colStrength
	colSource    // kind, key, name, host; then the process id
	colTarget    = colSource + 5
	colLogonType = colTarget + 5
	colBytes     = colLogonType + 1
	colOrigin    = colBytes + 1
	colFacts     = colOrigin + 12 // as many as originTexts
)

// Bits of the column flags.
const (
	flagFirst    = 1 << iota // first row of its record
	flagTimed                // clock is known
	flagFacts                // the edge has facts
	flagLinux                //
	flagInbound              //
	flagSrcHere              // the source is of the record's host
	flagDstHere              //
	flagSrcKeyed             // the source's key is not the one its name gives
	flagDstKeyed             //
	flagOrigin               // first row with its number of an origin
)

// versionNote is the name under which a file notes its version.
const versionNote = "evident.edges"

var sheetColumns = func() []lake.SheetColumn {
	cols := []lake.SheetColumn{
		{Name: lake.ColEntry, Delta: true},
		{Name: lake.ColLeaf, Delta: true},
		{Name: lake.ColTime, Delta: true},
		{Name: lake.ColClass},
		{Name: "from"},
		{Name: "metadata.sequence", Delta: true},
		{Name: "clock", Delta: true},
		{Name: "flags"},
		{Name: "verb", Text: true},
		{Name: "strength", Text: true},
	}
	for _, end := range []string{"src.", "dst."} {
		for _, name := range []string{"kind", "key", "name", "host"} {
			cols = append(cols, lake.SheetColumn{Name: end + name, Text: true})
		}
		cols = append(cols, lake.SheetColumn{Name: end + "pid"})
	}
	cols = append(cols, lake.SheetColumn{Name: "logon_type"}, lake.SheetColumn{Name: "bytes"})
	for _, t := range originTexts {
		cols = append(cols, lake.SheetColumn{Name: t.column, Text: true})
	}
	for _, t := range factTexts {
		cols = append(cols, lake.SheetColumn{Name: t.column, Text: true})
	}
	return cols
}()

// write writes the block as a file, records by time.
func (b *Block) write(path string) (lake.EdgeFacts, error) {
	w, err := lake.CreateSheet(path, sheetColumns, map[string]string{
		versionNote: strconv.Itoa(edge.Version),
	})
	if err != nil {
		return lake.EdgeFacts{}, err
	}
	x, told := newReading(b), make([]bool, b.places)
	var r edge.Record
	for i := range b.records {
		from := b.from.at(i)
		x.of(i, &r)
		err := writeRecord(w, &r, from, !told[from])
		if told[from] = true; err != nil {
			w.Discard()
			return lake.EdgeFacts{}, err
		}
	}
	sum, size, err := w.Close()
	return lake.EdgeFacts{SHA256: sum, Bytes: size, Version: edge.Version}, err
}

func writeRecord(w *lake.SheetWriter, r *edge.Record, from int64, tell bool) error {
	flags := int64(flagFirst)
	if r.Timed {
		flags |= flagTimed
	}
	if tell {
		flags |= flagOrigin
		for i := range originTexts {
			w.Text(colOrigin+i, *originTexts[i].of(&r.Origin))
		}
	} else {
		w.Text(colOrigin, r.Host)
	}
	w.Int(colClass, int64(r.Class))
	w.Int(colPlace, from)
	w.Int(colSequence, r.Seq)
	w.Int(colClock, int64(r.Clock))
	for i := range max(1, len(r.Edges)) {
		w.Int(colEntry, int64(r.ID.Entry))
		w.Int(colLeaf, int64(r.ID.Leaf))
		w.Int(colTime, r.Time.UnixMicro())
		if i < len(r.Edges) {
			flags |= writeEdge(w, &r.Edges[i], r.HostName())
		}
		w.Int(colFlags, flags)
		if err := w.End(i+1 < len(r.Edges)); err != nil {
			return err
		}
		flags = 0
	}
	return nil
}

func writeEdge(w *lake.SheetWriter, e *edge.Edge, host string) (flags int64) {
	w.Text(colVerb, e.Verb.String())
	w.Text(colStrength, e.Strength.String())
	flags |= writeEntity(w, colSource, &e.Src, host, flagSrcHere, flagSrcKeyed)
	flags |= writeEntity(w, colTarget, &e.Dst, host, flagDstHere, flagDstKeyed)
	f := e.Facts
	if f == nil {
		return flags
	}
	flags |= flagFacts
	if f.Linux {
		flags |= flagLinux
	}
	if f.Inbound {
		flags |= flagInbound
	}
	w.Int(colLogonType, f.LogonType)
	w.Int(colBytes, f.Bytes)
	for i := range factTexts {
		w.Text(colFacts+i, *factTexts[i].of(f))
	}
	return flags
}

func writeEntity(w *lake.SheetWriter, col int, e *edge.Entity, host string, here, keyed int64,
) (flags int64) {
	if !e.Is() {
		return 0
	}
	w.Text(col, e.Kind.String())
	if e.Key != edge.KeyOf(e.Kind, e.Name) {
		w.Text(col+1, e.Key)
		flags |= keyed
	}
	w.Text(col+2, e.Name)
	if e.Host == host {
		flags |= here
	} else {
		w.Text(col+3, e.Host)
	}
	w.Int(col+4, e.PID)
	return flags
}

var errVersion = errors.New("edges were derived by another version")

// readSheet reads a file of edges as a block. Whatever the file holds, it ends
// in an error or a block.
func readSheet(path string) (*Block, error) {
	s, err := lake.OpenSheet(path)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if s.Note(versionNote) != strconv.Itoa(edge.Version) {
		return nil, fmt.Errorf("read %s: %w", path, errVersion)
	}
	p, origins := newPacker(), map[int64]toldOrigin{}
	for g := range s.Groups() {
		x := sheetGroup{keys: map[sheetName]string{}, origins: origins}
		if err := x.load(s, g); err != nil {
			return nil, err
		}
		if err := x.pack(p); err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
	}
	if p.full {
		return nil, fmt.Errorf("read %s: %w", path, errTooLarge)
	}
	return p.block(), nil
}

var errTooLarge = errors.New("more text than one block of edges can hold")

// sheetGroup is a row group in memory.
type sheetGroup struct {
	rows  int
	ints  [][]int64
	texts []*lake.Texts
	keys  map[sheetName]string // keys that names give

	origins map[int64]toldOrigin // by number, of this group and those before
}

// toldOrigin is an origin with the number that the packer gave it.
type toldOrigin struct {
	edge.Origin
	packed uint32
}

type sheetName struct {
	kind edge.Kind
	name string
}

func (x *sheetGroup) load(s *lake.Sheet, g int) (err error) {
	if x.rows, err = s.Rows(g); err != nil {
		return err
	}
	x.ints, x.texts = make([][]int64, len(sheetColumns)), make([]*lake.Texts, len(sheetColumns))
	for i, c := range sheetColumns {
		if c.Text {
			x.texts[i], err = s.Texts(g, c.Name)
		} else {
			x.ints[i], err = s.Ints(g, c.Name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (x *sheetGroup) text(col, row int) string {
	t := x.texts[col]
	return t.Values[t.Index[row]]
}

// pack adds the records to p.
func (x *sheetGroup) pack(p *packer) error {
	var r edge.Record
	for row := 0; row < x.rows; {
		if x.ints[colFlags][row]&flagFirst == 0 {
			return errShape
		}
		from, ok := x.record(row, &r, p)
		if !ok {
			return errShape
		}
		for first := row; row < x.rows && (row == first || x.ints[colFlags][row]&flagFirst == 0); row++ {
			if x.texts[colVerb].Index[row] == 0 && row == first {
				continue
			}
			e, err := x.edge(row, &r)
			if err != nil || len(r.Edges) == maxEdges {
				return errShape
			}
			r.Edges = append(r.Edges, e)
		}
		p.addFrom(&r, from)
	}
	return nil
}

// maxEdges bounds what a damaged file makes of one record.
const maxEdges = 16

var errShape = errors.New("file holds other rows than are written")

// record reads what the first row of a record says, and returns the packer's number
// of its origin; false where that was not told.
func (x *sheetGroup) record(row int, r *edge.Record, p *packer) (uint32, bool) {
	flags := x.ints[colFlags][row]
	r.ID = event.ID{Entry: uint64(x.ints[colEntry][row]), Leaf: uint32(x.ints[colLeaf][row])}
	r.Time = time.UnixMicro(x.ints[colTime][row]).UTC()
	r.Seq, r.Clock = x.ints[colSequence][row], time.Duration(x.ints[colClock][row])
	r.Timed = flags&flagTimed != 0
	r.Edges = r.Edges[:0]
	from := x.ints[colPlace][row]
	if flags&flagOrigin == 0 {
		told, ok := x.origins[from]
		r.Origin = told.Origin
		return told.packed, ok
	}
	r.Origin = edge.Origin{Class: uint32(x.ints[colClass][row])}
	for i := range originTexts {
		*originTexts[i].of(&r.Origin) = x.text(colOrigin+i, row)
	}
	told := toldOrigin{Origin: r.Origin}
	told.packed = p.origin(&told.Origin)
	x.origins[from] = told
	return told.packed, true
}

func (x *sheetGroup) edge(row int, r *edge.Record) (edge.Edge, error) {
	flags, host := x.ints[colFlags][row], r.HostName()
	verb, ok := edge.VerbNamed(x.text(colVerb, row))
	strength, known := edge.StrengthNamed(x.text(colStrength, row))
	if !ok || !known {
		return edge.Edge{}, errShape
	}
	e := edge.Edge{Time: r.Time, Seq: r.Seq, ID: r.ID, Host: host, Verb: verb, Strength: strength}
	var err error
	if e.Src, err = x.entity(row, colSource, host, flags&flagSrcHere != 0, flags&flagSrcKeyed != 0); err != nil {
		return e, err
	}
	if e.Dst, err = x.entity(row, colTarget, host, flags&flagDstHere != 0, flags&flagDstKeyed != 0); err != nil {
		return e, err
	}
	if flags&flagFacts != 0 {
		e.Facts = &edge.Facts{
			Linux: flags&flagLinux != 0, Inbound: flags&flagInbound != 0,
			LogonType: x.ints[colLogonType][row], Bytes: x.ints[colBytes][row],
		}
		for i := range factTexts {
			*factTexts[i].of(e.Facts) = x.text(colFacts+i, row)
		}
	}
	e.Restored()
	return e, nil
}

func (x *sheetGroup) entity(row, col int, host string, here, keyed bool) (edge.Entity, error) {
	name := x.text(col, row)
	if name == "" {
		return edge.Entity{}, nil
	}
	kind, ok := edge.KindNamed(name)
	if !ok {
		return edge.Entity{}, errShape
	}
	e := edge.Entity{Kind: kind, Host: x.text(col+3, row), Name: x.text(col+2, row), PID: x.ints[col+4][row]}
	if here {
		e.Host = host
	}
	if keyed {
		e.Key = x.text(col+1, row)
		return e, nil
	}
	k := sheetName{kind, e.Name}
	key, ok := x.keys[k]
	if !ok {
		key = edge.KeyOf(kind, e.Name)
		x.keys[k] = key
	}
	e.Key = key
	return e, nil
}
