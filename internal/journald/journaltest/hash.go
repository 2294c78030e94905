package journaltest

import "math/bits"

// lookup3 is Bob Jenkins' hashlittle2, byte by byte.
func lookup3(k []byte) uint64 {
	a := 0xdeadbeef + uint32(len(k))
	b, c := a, a
	rot := bits.RotateLeft32
	add := func(k []byte) {
		v := [3]uint32{}
		for i, x := range k {
			v[i/4] |= uint32(x) << (8 * (i % 4))
		}
		a, b, c = a+v[0], b+v[1], c+v[2]
	}
	if len(k) == 0 {
		return uint64(c)<<32 | uint64(b)
	}
	for len(k) > 12 {
		add(k[:12])
		for i, r := range []int{4, 6, 8, 16, 19, 4} {
			switch i % 3 {
			case 0:
				a, c = (a-c)^rot(c, r), c+b
			case 1:
				b, a = (b-a)^rot(a, r), a+c
			case 2:
				c, b = (c-b)^rot(b, r), b+a
			}
		}
		k = k[12:]
	}
	add(k)
	for i, r := range []int{14, 11, 25, 16, 4, 14, 24} {
		switch i % 3 {
		case 0:
			c = (c ^ b) - rot(b, r)
		case 1:
			a = (a ^ c) - rot(c, r)
		case 2:
			b = (b ^ a) - rot(a, r)
		}
	}
	return uint64(c)<<32 | uint64(b)
}

// sipHash is SipHash-2-4.
func sipHash(key, in []byte) uint64 {
	k0, k1 := le.Uint64(key), le.Uint64(key[8:])
	v0, v1 := k0^0x736f6d6570736575, k1^0x646f72616e646f6d
	v2, v3 := k0^0x6c7967656e657261, k1^0x7465646279746573
	rounds := func(n int) {
		for range n {
			v0 += v1
			v2 += v3
			v1 = bits.RotateLeft64(v1, 13) ^ v0
			v3 = bits.RotateLeft64(v3, 16) ^ v2
			v0 = bits.RotateLeft64(v0, 32)
			v2 += v1
			v0 += v3
			v1 = bits.RotateLeft64(v1, 17) ^ v2
			v3 = bits.RotateLeft64(v3, 21) ^ v0
			v2 = bits.RotateLeft64(v2, 32)
		}
	}
	padded := append(append([]byte(nil), in...), make([]byte, 8-len(in)%8)...)
	padded[len(padded)-1] = byte(len(in))
	for ; len(padded) > 0; padded = padded[8:] {
		m := le.Uint64(padded)
		v3 ^= m
		rounds(2)
		v0 ^= m
	}
	v2 ^= 0xff
	rounds(4)
	return v0 ^ v1 ^ v2 ^ v3
}
