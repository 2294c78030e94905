package node

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/disposal"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/pipeline"
	"github.com/evident-sec/evident/internal/retention"
)

// mappingChanged is the operation that says that another mapping makes the
// columns from then on. Its detail is the old version and the new one.
const mappingChanged = "mapping-changed"

// Destruction is what one valid tombstone stands for.
type Destruction struct {
	Tombstone string `json:"tombstone"` // identifier of the record
	Records   int64  `json:"records"`
	Text      string `json:"text"`
}

// lawful collects, while the store is read, what decides about destroyed
// records and earlier mappings.
type lawful struct {
	register retention.Register
	erased   map[uint64][]event.ID // by tombstone
	mappings []mappingEnd
	silence  silence
}

type mappingEnd struct {
	version string
	entry   uint64 // from which another made the columns
}

// foreign is a file that another mapping made.
type foreign struct {
	file    lake.File
	mapping string
}

// note takes in an entry; entries come in order.
func (l *lawful) note(e *event.Entry) {
	if e.Source == disposal.Source || e.Source == pipeline.OwnSource {
		for i := range e.Records {
			l.document(e, &e.Records[i])
		}
	}
	for i := range e.Records {
		if erased := e.Records[i].Erased; erased != nil {
			if l.erased == nil {
				l.erased = map[uint64][]event.ID{}
			}
			id := event.ID{Entry: e.Seq, Leaf: uint32(i)}
			l.erased[erased.Tombstone] = append(l.erased[erased.Tombstone], id)
		}
	}
}

func (l *lawful) document(e *event.Entry, r *event.Record) {
	var act auditRecord
	if err := json.Unmarshal(r.Raw, &act); err != nil {
		return
	}
	old, _, two := strings.Cut(act.Detail, " ")
	switch {
	case e.Source == disposal.Source:
		l.register.Add(e.Seq, []byte(act.Detail))
	case act.Operation == heartbeat:
		l.silence.beat(e.Seq, &act)
	case act.Operation == mappingChanged && two:
		l.mappings = append(l.mappings, mappingEnd{old, e.Seq})
	}
}

// destroyed tells records that were destroyed by right from those that are
// merely gone.
func (v *verifier) destroyed(context.Context) error {
	reg := &v.lawful.register
	for _, f := range reg.Faults() {
		v.fail("tombstone", fmt.Sprintf("record %d-0", f.Entry), "does not count: %v", f.Err)
	}
	for _, entry := range sortedKeys(v.lawful.erased) {
		g := reg.Grave(entry)
		for _, id := range v.lawful.erased[entry] {
			if g == nil {
				v.fail("missing", "record "+id.String(), "was destroyed, and entry %d is no valid tombstone", entry)
			} else if !g.Covers(id) {
				v.fail("missing", "record "+id.String(),
					"was destroyed, and tombstone %d-0 is not about it", entry)
			}
		}
	}
	for _, g := range reg.Graves() {
		ids := v.lawful.erased[g.Entry]
		if int64(len(ids)) != g.Count {
			v.fail("destruction", fmt.Sprintf("tombstone %d-0", g.Entry),
				"stands for %d records, %d are destroyed: run evident retention destroy again", g.Count, len(ids))
		}
		if len(ids) > 0 {
			text, _ := g.Lawfully(ids[0])
			v.out.Destroyed = append(v.out.Destroyed, Destruction{
				fmt.Sprintf("%d-0", g.Entry), int64(len(ids)), text,
			})
		}
	}
	return nil
}

func sortedKeys[V any](m map[uint64]V) []uint64 {
	keys := make([]uint64, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// derives reports whether the file's columns can be compared with its original
// bytes: they can where the mapping that made them is the one we have.
func (v *verifier) derives(file lake.File, damage error) bool {
	scan, err := v.n.lake.OpenScan(file)
	if err != nil {
		return damage != nil // reading the rows will say what is wrong
	}
	defer scan.Close()
	if scan.Mapping == v.n.mapping() || damage != nil {
		return true
	}
	v.foreign = append(v.foreign, foreign{file, scan.Mapping})
	v.out.Underived += file.Rows
	return false
}

// mappings wants a sealed record of the change for each earlier mapping that a
// file claims: without it, anybody could say so of a forged file.
func (v *verifier) mappings(context.Context) error {
	for _, f := range v.foreign {
		known := slices.ContainsFunc(v.lawful.mappings, func(m mappingEnd) bool {
			return m.version == f.mapping && m.entry > f.file.LastEntry
		})
		if !known {
			v.fail("mapping", f.file.Path, "says that mapping %.12s made it; the ledger has no record "+
				"that this mapping was in use then (a start of serve or ingest after an update writes one)",
				f.mapping)
		}
	}
	return nil
}

// noteMapping writes to the journal that another mapping makes the columns from
// now on, where files of an earlier one are there.
func (n *Node) noteMapping(ctx context.Context) error {
	files := n.lake.Files()
	if n.cfg.Frozen || n.cfg.Reader || len(files) == 0 {
		return nil
	}
	scan, err := n.lake.OpenScan(files[len(files)-1])
	if err != nil {
		n.cfg.Log.Warn("the mapping of the newest file is not known",
			"file", filepath.Base(files[len(files)-1].Path), "error", err)
		return nil // damage is for Verify to name
	}
	defer scan.Close()
	if scan.Mapping == n.mapping() {
		return nil
	}
	return n.Record(ctx, Act{
		Operation: mappingChanged, Caller: "evident", Detail: scan.Mapping + " " + n.mapping(),
	})
}
