package journald

import (
	"crypto/sha256"
	"encoding/binary"
	"math/big"
)

// Parameters of the generator as systemd uses it: bits of the modulus, bytes of
// a seed, and the indexes that tell what is made from the seed.
const (
	secpar    = 1536
	seedBytes = 12

	forP = 1
	forQ = 2
	forX = 3
	// forSeal is the index of the key that a seal is made with.
	forSeal = 0
)

// generator gives the key of each epoch. With the seed it can go to any of them;
// a host that has only the state of one can go forward alone.
type generator struct {
	p, q, n, x *big.Int // primes, modulus, state of epoch 0
	epoch      uint64
	state      *big.Int // of epoch
}

// expandSeed fills n bytes with SHA-256(seed, index, counter), counters from 0.
func expandSeed(n int, seed []byte, index uint32) []byte {
	head := binary.BigEndian.AppendUint32(append([]byte(nil), seed...), index)
	out := make([]byte, 0, n+sha256.Size)
	for counter := uint32(0); len(out) < n; counter++ {
		sum := sha256.Sum256(binary.BigEndian.AppendUint32(head[:len(head):len(head)], counter))
		out = append(out, sum[:]...)
	}
	return out[:n]
}

// prime returns the first prime at or behind a number made from the seed that is
// 3 modulo 4.
func prime(seed []byte, index uint32) *big.Int {
	b := expandSeed(secpar/2/8, seed, index)
	b[0] |= 0xc0
	b[len(b)-1] |= 0x03
	p := new(big.Int).SetBytes(b)
	for four := big.NewInt(4); !p.ProbablyPrime(0) || !p.ProbablyPrime(10); {
		p.Add(p, four)
	}
	return p
}

func newGenerator(seed []byte) *generator {
	g := &generator{p: prime(seed, forP), q: prime(seed, forQ)}
	g.n = new(big.Int).Mul(g.p, g.q)
	b := expandSeed(secpar/8, seed, forX)
	b[0] &= 0x7f
	x := new(big.Int).SetBytes(b)
	g.x = x.Mod(x.Mul(x, x), g.n)
	g.state = new(big.Int).Set(g.x)
	return g
}

// What going to an epoch costs: a step forward is one squaring.
const (
	seekCost = 1000
	stepCost = 1
)

// at goes to an epoch and returns what that cost.
func (g *generator) at(epoch uint64) int {
	if epoch >= g.epoch && epoch-g.epoch < seekCost {
		steps := int(epoch - g.epoch)
		for range steps {
			g.state.Mod(g.state.Mul(g.state, g.state), g.n)
		}
		g.epoch = epoch
		return steps * stepCost
	}
	g.seek(epoch)
	return seekCost
}

// seek computes x^(2^epoch) modulo p and q, and joins the two (Chinese remainder
// theorem).
func (g *generator) seek(epoch uint64) {
	part := func(prime *big.Int) *big.Int {
		phi := new(big.Int).Sub(prime, big.NewInt(1))
		power := new(big.Int).Exp(big.NewInt(2), new(big.Int).SetUint64(epoch), phi)
		return power.Exp(new(big.Int).Mod(g.x, prime), power, prime)
	}
	xp, xq := part(g.p), part(g.q)
	step := new(big.Int).ModInverse(g.p, g.q)
	step.Mul(step, xq.Sub(xq, xp)).Mod(step, g.q)
	g.state = xp.Add(xp, step.Mul(step, g.p))
	g.epoch = epoch
}

// key returns the key of the epoch it is at.
func (g *generator) key() []byte {
	b := make([]byte, 2*secpar/8+8)
	g.n.FillBytes(b[:secpar/8])
	g.state.FillBytes(b[secpar/8 : 2*secpar/8])
	binary.BigEndian.PutUint64(b[2*secpar/8:], g.epoch)
	return expandSeed(sha256.Size, b, forSeal)
}
