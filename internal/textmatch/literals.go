package textmatch

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// Literals finds which of a set of literals occur in a text. It looks at the
// text through a small window (a gram of up to four bytes) and compares whole
// literals only where the window shows a gram that stands for one.
//
// Where all literals are longer than a gram, each stands under several
// neighbouring grams, so that some windows of the text need not be looked at:
// with literals of seven bytes or more three of four, wherever one begins. The
// grams are chosen so that few texts and few other literals have them. Time is
// bounded by the length of the text times the literals that share a gram;
// memory is some tens of bytes for each literal.
type Literals struct {
	text   []byte   // of all literals
	ends   []uint32 // of each within text
	ids    []int32  // of all literals
	idEnds []uint32 // of each within ids
	passes []gramPass
	single []int32 // literals of one byte
	least  int     // bytes of the shortest literal
}

// gramPass is one walk over a text, for literals of some lengths.
type gramPass struct {
	width   int
	mask    uint32   // of the window's bytes
	stride  int      // from one window to the next
	seen    []uint64 // bit set of the hashes of grams
	shift   uint8    // from hash to bit
	bucket  uint8    // from hash to place in first
	first   []uint32 // of the bucket's entries, one more at the end
	entries []gramEntry
}

// gramEntry says that a gram occurs in a literal.
type gramEntry struct {
	gram    uint32
	literal int32
	offset  uint32
}

// caseBits makes ASCII letters alike in a window; other bytes are mixed up a
// little, which the comparison corrects.
const caseBits = 0x20202020

// hashGram spreads grams over 32 bits; the upper ones count.
func hashGram(g uint32) uint32 { return g * 0x9E3779B1 }

// NewLiterals prepares the search for folded literals (none empty), which may
// repeat, and their ids.
func NewLiterals(literals []string, ids []int32) *Literals {
	l := &Literals{}
	distinct := l.collect(literals, ids)
	common := countGrams(distinct)
	plans := [maxGram + 1]passPlan{}
	for i, text := range distinct {
		p := &plans[min(len(text), maxGram)]
		p.members = append(p.members, int32(i))
		if p.least == 0 || len(text) < p.least {
			p.least = len(text)
		}
	}
	l.single = plans[1].members
	for n := 2; n <= maxGram; n++ {
		if len(plans[n].members) > 0 {
			l.passes = append(l.passes, plans[n].build(distinct, common))
		}
	}
	return l
}

// Bounds on grams. Few literals are found by shorter grams, which leave more
// windows out, since few windows show one of theirs by chance.
const (
	maxGram   = 4
	maxStride = 8
	few       = 64
)

// shape returns the width of a pass's grams and how many neighbours stand for
// a literal.
func (p *passPlan) shape() (width, stride int) {
	width = min(p.least, maxGram)
	if len(p.members) < few && (p.least == 3 || p.least == 4) {
		width = p.least - 1
	}
	return width, min(p.least-width+1, maxStride)
}

// collect stores the distinct literals with their ids.
func (l *Literals) collect(literals []string, ids []int32) []string {
	at := make(map[string]int, len(literals))
	var distinct []string
	var owned [][]int32
	for i, text := range literals {
		n, ok := at[text]
		if !ok {
			n = len(distinct)
			at[text] = n
			distinct = append(distinct, text)
			owned = append(owned, nil)
		}
		owned[n] = append(owned[n], ids[i])
	}
	for i, text := range distinct {
		l.text = append(l.text, text...)
		l.ends = append(l.ends, uint32(len(l.text)))
		l.ids = append(l.ids, owned[i]...)
		l.idEnds = append(l.idEnds, uint32(len(l.ids)))
		if l.least == 0 || len(text) < l.least {
			l.least = len(text)
		}
	}
	return distinct
}

// gramCounts estimates how often grams occur, by hash.
type gramCounts [1 << 15]uint16

const gramCountShift = 32 - 15

// countGrams counts the grams of the literals: what many of them have is likely
// to be in many texts too.
func countGrams(literals []string) *gramCounts {
	c := &gramCounts{}
	for _, text := range usual {
		c.add(text, 64)
	}
	for _, text := range literals {
		c.add(text, 1)
	}
	return c
}

func (c *gramCounts) add(text string, weight uint16) {
	for width := 2; width <= maxGram; width++ {
		for i := 0; i+width <= len(text); i++ {
			n := &c[hashGram(gramAt(text, i, width))>>gramCountShift]
			*n += min(weight, 1<<15-*n)
		}
	}
}

// usual are texts that logs of many programs are full of.
var usual = []string{
	`c:\windows\system32\`, `c:\windows\syswow64\`, `c:\program files (x86)\`, `c:\programdata\`,
	`\device\harddiskvolume`, `c:\users\`, `\appdata\local\temp\`, `\registry\machine\software\`,
	`hklm\software\microsoft\windows\currentversion\`, `hklm\system\currentcontrolset\services\`,
	`.exe`, `.dll`, `.dll+`, `microsoft-windows-`, `nt authority\system`, `microsoft corporation`,
	`microsoft windows operating system`, `/usr/bin/`, `/usr/lib/`, `/var/log/`, `https://www.`,
	`0000000000`, `0x00000`, `version`, `process`, `service`, `account`, `security`, `powershell`,
	`name: `, `\r\n`, `    `, `----`, `true`, `false`, `user`, `-4a9b-5ee0-`, `sha256=`, `md5=`,
}

// gramAt reads the window of some bytes at i.
func gramAt(text string, i, width int) uint32 {
	g := uint32(0)
	for j := range width {
		g |= uint32(text[i+j]) << (8 * j)
	}
	return g | caseBits&(1<<(8*width)-1)
}

// passPlan collects the literals of one pass.
type passPlan struct {
	members []int32
	least   int // bytes of the shortest
}

// build chooses the grams of every member and lays out the tables.
func (p *passPlan) build(literals []string, common *gramCounts) gramPass {
	width, stride := p.shape()
	entries := make([]gramEntry, 0, len(p.members)*stride)
	for _, m := range p.members {
		at := choose(literals[m], width, stride, common)
		for o := at; o < at+stride; o++ {
			entries = append(entries, gramEntry{gramAt(literals[m], o, width), m, uint32(o)})
		}
	}
	size := min(max(bits.Len(uint(len(entries)))+4, 8), 20)
	out := gramPass{
		width: width, mask: 1<<(8*width) - 1, stride: stride, seen: make([]uint64, 1<<size/64),
		shift: uint8(32 - size), bucket: uint8(32 - max(bits.Len(uint(len(entries))), 1)),
	}
	out.fill(entries)
	return out
}

// choose returns the offset of the first of the neighbouring grams that occur
// least.
func choose(text string, width, stride int, common *gramCounts) int {
	best, cost := 0, -1
	for at := 0; at+stride-1+width <= len(text); at++ {
		sum := 0
		for o := at; o < at+stride; o++ {
			sum += int(common[hashGram(gramAt(text, o, width))>>gramCountShift])
		}
		if cost < 0 || sum < cost {
			best, cost = at, sum
		}
	}
	return best
}

// fill sorts the entries into their buckets.
func (p *gramPass) fill(entries []gramEntry) {
	p.first = make([]uint32, 1<<(32-p.bucket)+1)
	for _, e := range entries {
		h := hashGram(e.gram)
		p.seen[h>>p.shift>>6] |= 1 << (h >> p.shift & 63)
		p.first[h>>p.bucket+1]++
	}
	for i := 1; i < len(p.first); i++ {
		p.first[i] += p.first[i-1]
	}
	at := append([]uint32(nil), p.first...)
	p.entries = make([]gramEntry, len(entries))
	for _, e := range entries {
		b := hashGram(e.gram) >> p.bucket
		p.entries[at[b]] = e
		at[b]++
	}
}

// AppendFind appends the ids of the literals that occur in text, some perhaps
// more than once. The text is ASCII in any case, or folded.
func (l *Literals) AppendFind(dst []int32, text string) []int32 {
	if len(text) < l.least {
		return dst
	}
	b := unsafe.Slice(unsafe.StringData(text), len(text))
	for i := range l.passes {
		dst = l.walk(dst, &l.passes[i], b)
	}
	for _, n := range l.single {
		c := l.literal(n)[0]
		if bytes.IndexByte(b, c) >= 0 || 'a' <= c && c <= 'z' && bytes.IndexByte(b, c-'a'+'A') >= 0 {
			dst = l.appendIDs(dst, n)
		}
	}
	return dst
}

// walk looks at the windows of one pass.
func (l *Literals) walk(dst []int32, p *gramPass, text []byte) []int32 {
	seen, shift, mask, stride := p.seen, p.shift&31, p.mask, p.stride
	i := 0
	for ; i+4 <= len(text); i += stride {
		w := (binary.LittleEndian.Uint32(text[i:]) | caseBits) & mask
		if a := hashGram(w) >> shift; seen[a>>6]>>(a&63)&1 != 0 {
			dst = l.compare(dst, p, text, i, w)
		}
	}
	for ; i+p.width <= len(text); i += stride {
		w := uint32(caseBits)
		for j := range p.width {
			w |= uint32(text[i+j]) << (8 * j)
		}
		w &= mask
		if a := hashGram(w) >> shift; seen[a>>6]>>(a&63)&1 != 0 {
			dst = l.compare(dst, p, text, i, w)
		}
	}
	return dst
}

// literal returns a literal's text.
func (l *Literals) literal(n int32) []byte {
	from := uint32(0)
	if n > 0 {
		from = l.ends[n-1]
	}
	return l.text[from:l.ends[n]]
}

// appendIDs appends a literal's ids.
func (l *Literals) appendIDs(dst []int32, n int32) []int32 {
	from := uint32(0)
	if n > 0 {
		from = l.idEnds[n-1]
	}
	return append(dst, l.ids[from:l.idEnds[n]]...)
}

// compare tries the literals that stand under the gram at a place in the text.
func (l *Literals) compare(dst []int32, p *gramPass, text []byte, at int, gram uint32) []int32 {
	b := hashGram(gram) >> (p.bucket & 31)
	for _, e := range p.entries[p.first[b]:p.first[b+1]] {
		if e.gram != gram {
			continue
		}
		literal, start := l.literal(e.literal), at-int(e.offset)
		if start >= 0 && start+len(literal) <= len(text) &&
			equalFold(text[start:start+len(literal)], literal) {
			dst = l.appendIDs(dst, e.literal)
		}
	}
	return dst
}
