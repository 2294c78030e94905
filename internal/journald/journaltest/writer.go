package journaltest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
)

// Options say how a journal is written.
type Options struct {
	Compact    bool
	Keyed      bool
	Compress   string // "", xz, lz4 or zstd: of fields from 64 bytes
	Keys       *Keys  // seal; nil for no seals
	Start      uint64 // of epoch 0, microseconds, a multiple of Interval
	Interval   uint64 // of an epoch, microseconds
	Continuous bool   // a seal for each epoch, as systemd 254 and later
	Online     bool   // leave the file as if it was copied while in use
	Capacity   int    // entries that the index holds
	HideEvery  int    // leave each so-manieth entry out of the index; 0 for none
}

// Entry is one entry as a program logged it.
type Entry struct {
	Seqnum, Realtime, Monotonic uint64
	Boot                        [16]byte
	Fields                      [][]byte // NAME=value
}

const (
	headerSize  = 272
	dataBuckets = 61
	nameBuckets = 17
)

// Writer writes a journal into memory.
type Writer struct {
	o       Options
	b       []byte
	data    map[string]int
	names   map[string]int
	lists   map[int]list // by field
	zstd    *zstd.Encoder
	index   int // offset of the index
	listed  int
	objects int
	counts  [8]uint64 // by kind of object
	entries uint64
	last    int
	seal    *sealer
	fileID  [16]byte
}

var le = binary.LittleEndian

// New begins a journal.
func New(o Options) *Writer {
	w := &Writer{o: o, b: make([]byte, headerSize), data: map[string]int{}, names: map[string]int{}, lists: map[int]list{}}
	for i := range w.fileID {
		w.fileID[i] = byte(i*7 + 1)
	}
	copy(w.b, "LPKSHHRH")
	incompatible := uint32(0)
	for bit, on := range []bool{
		o.Compress == "xz", o.Compress == "lz4", o.Keyed, o.Compress == "zstd", o.Compact,
	} {
		if on {
			incompatible |= 1 << bit
		}
	}
	le.PutUint32(w.b[12:], incompatible)
	copy(w.b[24:], w.fileID[:])
	copy(w.b[40:], bytes.Repeat([]byte{0xab}, 16))
	copy(w.b[72:], w.fileID[:])
	le.PutUint64(w.b[88:], headerSize)
	names := w.object(5, 16+16*nameBuckets)
	le.PutUint64(w.b[120:], uint64(names+16))
	le.PutUint64(w.b[128:], 16*nameBuckets)
	data := w.object(4, 16+16*dataBuckets)
	le.PutUint64(w.b[104:], uint64(data+16))
	le.PutUint64(w.b[112:], 16*dataBuckets)
	if o.Keys != nil {
		flags := uint32(1)
		if o.Continuous {
			flags |= 4
		}
		le.PutUint32(w.b[8:], flags)
		w.seal = newSealer(o)
		w.tag()
	}
	return w
}

// object appends an empty object and returns its offset.
func (w *Writer) object(kind byte, size int) int {
	at := len(w.b)
	w.b = append(w.b, make([]byte, (size+7)&^7)...)
	w.b[at] = kind
	le.PutUint64(w.b[at+8:], uint64(size))
	w.counts[kind]++
	w.objects++
	w.last = at
	return at
}

func (w *Writer) hash(b []byte) uint64 {
	if w.o.Keyed {
		return sipHash(w.fileID[:], b)
	}
	return lookup3(b)
}

func (w *Writer) dataHead() int {
	if w.o.Compact {
		return 72
	}
	return 64
}

func (w *Writer) step() int {
	if w.o.Compact {
		return 4
	}
	return 8
}

// link hangs an object into a hash table.
func (w *Writer) link(table, buckets, at int, hash uint64) {
	slot := int(le.Uint64(w.b[table:])) + 16*int(hash%uint64(buckets))
	tail := int(le.Uint64(w.b[slot+8:]))
	if tail == 0 {
		le.PutUint64(w.b[slot:], uint64(at))
	} else {
		le.PutUint64(w.b[tail+24:], uint64(at))
	}
	le.PutUint64(w.b[slot+8:], uint64(at))
}

// field returns the offset of a field's data object.
func (w *Writer) field(field []byte) int {
	if at, ok := w.data[string(field)]; ok {
		return at
	}
	payload, flag := field, byte(0)
	if len(field) >= 64 {
		payload, flag = w.compressed(field)
	}
	at := w.object(1, w.dataHead()+len(payload))
	w.b[at+1] = flag
	le.PutUint64(w.b[at+16:], w.hash(field))
	copy(w.b[at+w.dataHead():], payload)
	w.link(104, dataBuckets, at, w.hash(field))
	w.data[string(field)] = at
	name, _, _ := bytes.Cut(field, []byte{'='})
	nameAt, ok := w.names[string(name)]
	if !ok {
		nameAt = w.object(2, 40+len(name))
		le.PutUint64(w.b[nameAt+16:], w.hash(name))
		copy(w.b[nameAt+40:], name)
		w.link(120, nameBuckets, nameAt, w.hash(name))
		w.names[string(name)] = nameAt
	}
	copy(w.b[at+32:at+40], w.b[nameAt+32:nameAt+40])
	le.PutUint64(w.b[nameAt+32:], uint64(at))
	return at
}

func (w *Writer) compressed(field []byte) ([]byte, byte) {
	var out bytes.Buffer
	switch w.o.Compress {
	case "zstd":
		if w.zstd == nil {
			w.zstd, _ = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
		}
		return w.zstd.EncodeAll(field, nil), 4
	case "lz4":
		block := make([]byte, lz4.CompressBlockBound(len(field)))
		n, err := lz4.CompressBlock(field, block, nil)
		if err == nil && n > 0 {
			return append(le.AppendUint64(nil, uint64(len(field))), block[:n]...), 2
		}
	case "xz":
		z, err := xz.WriterConfig{CheckSum: xz.CRC32, NoCheckSum: true}.NewWriter(&out)
		if err != nil {
			break
		}
		_, err = z.Write(field)
		if err == nil && z.Close() == nil {
			return out.Bytes(), 1
		}
	}
	return field, 0
}

// Add appends an entry.
func (w *Writer) Add(e Entry) {
	if w.seal != nil {
		w.evolve(e.Realtime)
	}
	if w.index == 0 {
		w.index = w.object(6, 24+w.step()*max(w.o.Capacity, 1))
		le.PutUint64(w.b[176:], uint64(w.index))
	}
	var refs []int
	xor := uint64(0)
	for _, f := range e.Fields {
		at := w.field(f)
		if slices.Contains(refs, at) {
			continue
		}
		refs = append(refs, at)
		if w.o.Keyed {
			xor ^= lookup3(f)
		} else {
			xor ^= w.hash(f)
		}
	}
	slices.Sort(refs)
	size := 16
	if w.o.Compact {
		size = 4
	}
	at := w.object(3, 64+size*len(refs))
	o := w.b[at:]
	le.PutUint64(o[16:], e.Seqnum)
	le.PutUint64(o[24:], e.Realtime)
	le.PutUint64(o[32:], e.Monotonic)
	copy(o[40:], e.Boot[:])
	le.PutUint64(o[56:], xor)
	for i, ref := range refs {
		if w.o.Compact {
			le.PutUint32(o[64+4*i:], uint32(ref))
			continue
		}
		le.PutUint64(o[64+16*i:], uint64(ref))
		copy(o[64+16*i+8:], w.b[ref+16:ref+24])
	}
	w.entered(at, e)
	for _, ref := range refs {
		w.mention(ref, at)
	}
}

// entered brings index and header up to date.
func (w *Writer) entered(at int, e Entry) {
	w.entries++
	if w.o.HideEvery == 0 || int(w.entries)%w.o.HideEvery != 0 {
		w.item(w.index, w.listed, at)
		w.listed++
	}
	if w.entries == 1 {
		le.PutUint64(w.b[168:], e.Seqnum)
		le.PutUint64(w.b[184:], e.Realtime)
	}
	le.PutUint64(w.b[160:], e.Seqnum)
	le.PutUint64(w.b[192:], e.Realtime)
	le.PutUint64(w.b[200:], e.Monotonic)
	copy(w.b[56:72], e.Boot[:])
	le.PutUint64(w.b[264:], uint64(at))
}

func (w *Writer) item(array, i, ref int) {
	if w.o.Compact {
		le.PutUint32(w.b[array+24+4*i:], uint32(ref))
	} else {
		le.PutUint64(w.b[array+24+8*i:], uint64(ref))
	}
}

// list is the last array of the entries that have a field.
type list struct{ array, filled, room int }

// mention adds an entry to those of a field: one in it, the others in arrays, each
// twice as long as the one before.
func (w *Writer) mention(data, entry int) {
	n := le.Uint64(w.b[data+56:])
	le.PutUint64(w.b[data+56:], n+1)
	if n == 0 {
		le.PutUint64(w.b[data+40:], uint64(entry))
		return
	}
	l := w.lists[data]
	if l.filled == l.room {
		slot := data + 48
		if l.array > 0 {
			slot = l.array + 16
		}
		l = list{room: max(4, 2*l.room)}
		l.array = w.object(6, 24+l.room*w.step())
		le.PutUint64(w.b[slot:], uint64(l.array))
	}
	w.item(l.array, l.filled, entry)
	l.filled++
	w.lists[data] = l
	if w.o.Compact {
		le.PutUint32(w.b[data+64:], uint32(l.array))
		le.PutUint32(w.b[data+68:], uint32(l.filled))
	}
}

// Close ends the journal and returns it.
func (w *Writer) Close() []byte {
	if w.seal != nil && !w.o.Online {
		w.tag()
	}
	if w.o.Online {
		w.b[16] = 1
	}
	le.PutUint64(w.b[96:], uint64(len(w.b)-headerSize))
	le.PutUint64(w.b[136:], uint64(w.last))
	le.PutUint64(w.b[144:], uint64(w.objects))
	le.PutUint64(w.b[152:], w.entries)
	le.PutUint64(w.b[208:], w.counts[1])
	le.PutUint64(w.b[216:], w.counts[2])
	le.PutUint64(w.b[224:], w.counts[7])
	le.PutUint64(w.b[232:], w.counts[6])
	if w.index > 0 {
		le.PutUint32(w.b[256:], uint32(w.index))
		le.PutUint32(w.b[260:], uint32(w.listed))
	}
	return w.b
}

// VerificationKey returns the key as journalctl prints it.
func (w *Writer) VerificationKey() string {
	if w.seal == nil {
		return ""
	}
	s := w.o.Keys.seed
	return fmt.Sprintf("%x-%x-%x-%x/%x-%x", s[0:3], s[3:6], s[6:9], s[9:12], w.o.Start/w.o.Interval, w.o.Interval)
}

// Rehash makes the hash of an uncompressed data object right again after its
// content was changed, as a forger would.
func Rehash(file []byte, at int) {
	incompatible := le.Uint32(file[12:])
	head := 64
	if incompatible&16 != 0 {
		head = 72
	}
	payload := file[at+head : at+int(le.Uint64(file[at+8:]))]
	if incompatible&4 != 0 {
		le.PutUint64(file[at+16:], sipHash(file[24:40], payload))
	} else {
		le.PutUint64(file[at+16:], lookup3(payload))
	}
}
