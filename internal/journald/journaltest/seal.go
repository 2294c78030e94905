package journaltest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"math/big"
)

// sealer holds the state of the key generator of one epoch, as a host does.
type sealer struct {
	n, x     *big.Int
	epoch    uint64
	tags     uint64
	from     int // where the next seal begins
	start    uint64
	interval uint64
}

// Keys are what a seed gives: modulus and state of epoch 0.
type Keys struct {
	seed []byte
	n, x *big.Int
}

// NewKeys makes keys from a seed of 12 bytes.
func NewKeys(seed []byte) *Keys {
	stream := func(n int, index byte) []byte {
		var out []byte
		for i := byte(0); len(out) < n; i++ {
			sum := sha256.Sum256(append(append([]byte(nil), seed...), 0, 0, 0, index, 0, 0, 0, i))
			out = append(out, sum[:]...)
		}
		return out[:n]
	}
	prime := func(index byte) *big.Int {
		b := stream(96, index)
		b[0] |= 0xc0
		b[95] |= 3
		p := new(big.Int).SetBytes(b)
		for !p.ProbablyPrime(20) {
			p.Add(p, big.NewInt(4))
		}
		return p
	}
	k := &Keys{seed: append([]byte(nil), seed...)}
	k.n = new(big.Int).Mul(prime(1), prime(2))
	x := stream(192, 3)
	x[0] &= 0x7f
	k.x = new(big.Int).SetBytes(x)
	k.x.Exp(k.x, big.NewInt(2), k.n)
	return k
}

func newSealer(o Options) *sealer {
	return &sealer{n: o.Keys.n, x: new(big.Int).Set(o.Keys.x), start: o.Start, interval: o.Interval}
}

func (s *sealer) evolve() {
	s.x.Exp(s.x, big.NewInt(2), s.n)
	s.epoch++
}

func (s *sealer) key() []byte {
	b := make([]byte, 392)
	s.n.FillBytes(b[:192])
	s.x.FillBytes(b[192:384])
	binary.BigEndian.PutUint64(b[384:], s.epoch)
	key := sha256.Sum256(append(b, 0, 0, 0, 0, 0, 0, 0, 0))
	return key[:]
}

// Until seals what was written before a time, in microseconds.
func (w *Writer) Until(realtime uint64) { w.evolve(realtime) }

// evolve closes the epochs that are over at a time.
func (w *Writer) evolve(realtime uint64) {
	s := w.seal
	for sealed := false; s.start+(s.epoch+1)*s.interval <= realtime; sealed = true {
		if !sealed || w.o.Continuous {
			w.tag()
		}
		s.evolve()
	}
}

// tag seals what was written since the tag before.
func (w *Writer) tag() {
	s := w.seal
	at := w.object(7, 64)
	s.tags++
	le.PutUint64(w.b[at+16:], s.tags)
	le.PutUint64(w.b[at+24:], s.epoch)
	mac := hmac.New(sha256.New, s.key())
	if s.from == 0 {
		mac.Write(w.b[0:16])
		mac.Write(w.b[24:56])
		mac.Write(w.b[72:96])
		mac.Write(w.b[104:136])
		s.from = headerSize
	}
	for p := s.from; p < len(w.b); {
		size := int(le.Uint64(w.b[p+8:]))
		o := w.b[p : p+size]
		mac.Write(o[:16])
		switch o[0] {
		case 1:
			mac.Write(o[16:24])
			mac.Write(o[w.dataHead():])
		case 2:
			mac.Write(o[16:24])
			mac.Write(o[40:])
		case 3:
			mac.Write(o[16:])
		case 7:
			mac.Write(o[16:32])
		}
		p += (size + 7) &^ 7
	}
	copy(w.b[at+32:], mac.Sum(nil))
	s.from = len(w.b)
}
