package sealed

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"io"
	"testing"

	"pgregory.net/rapid"
)

// gcm is an AEAD of the shape of Tink's AES256_GCM, by the standard library.
type gcm struct {
	prefix [5]byte
	aead   cipher.AEAD
}

func newGCM(tb testing.TB, key byte) gcm {
	tb.Helper()
	block, err := aes.NewCipher(bytes.Repeat([]byte{key}, 32))
	if err != nil {
		tb.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		tb.Fatal(err)
	}
	return gcm{[5]byte{1, 0, 0, 0, key}, aead}
}

func (g gcm) Encrypt(text, associated []byte) ([]byte, error) {
	out := append([]byte(nil), g.prefix[:]...)
	nonce := make([]byte, 12)
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	return g.aead.Seal(append(out, nonce...), nonce, text, associated), nil
}

func (g gcm) Decrypt(b, associated []byte) ([]byte, error) {
	if len(b) < Overhead || !bytes.Equal(b[:5], g.prefix[:]) {
		return nil, errors.New("other key")
	}
	return g.aead.Open(nil, b[5:17], b[17:], associated)
}

func seal(tb rapid.TB, aead AEAD, h Header, text []byte, piece int) []byte {
	var out bytes.Buffer
	w, err := NewWriter(&out, aead, h)
	if err != nil {
		tb.Fatal(err)
	}
	for rest := text; len(rest) > 0; {
		n := min(piece, len(rest))
		if _, err := w.Write(rest[:n]); err != nil {
			tb.Fatal(err)
		}
		rest = rest[n:]
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	if _, err := w.Write([]byte("x")); err == nil {
		if err := w.Close(); err == nil {
			tb.Fatal("a finished file takes more")
		}
	}
	return out.Bytes()
}

func open(b []byte, aead AEAD) (*Reader, Header, error) {
	h, _, err := ReadHeader(bytes.NewReader(b))
	if err != nil {
		return nil, h, err
	}
	r, err := NewReader(bytes.NewReader(b), int64(len(b)), aead, h)
	return r, h, err
}

func readAll(b []byte, aead AEAD) ([]byte, error) {
	r, _, err := open(b, aead)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// TestReadAnywhere compares parts read anywhere with the text.
func TestReadAnywhere(t *testing.T) {
	aead := newGCM(t, 7)
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.OneOf(rapid.IntRange(0, 300),
			rapid.SampledFrom([]int{BlockBytes - 1, BlockBytes, BlockBytes + 1, 2 * BlockBytes, 3*BlockBytes + 5}),
		).Draw(t, "size")
		text := make([]byte, size)
		for i := range text {
			text[i] = byte(i * 31 >> 3)
		}
		h := Header{Key: "2026-11-22.0", Label: rapid.StringN(0, 20, 60).Draw(t, "label")}
		b := seal(t, aead, h, text, rapid.IntRange(1, 100_000).Draw(t, "piece"))
		r, got, err := open(b, aead)
		if err != nil || got != h || r.Size() != int64(size) {
			t.Fatalf("open: %+v, %d bytes, %v", got, r.Size(), err)
		}
		for range 10 {
			at := rapid.IntRange(0, size+10).Draw(t, "at")
			part := make([]byte, rapid.IntRange(0, 2*BlockBytes).Draw(t, "n"))
			n, err := r.ReadAt(part, int64(at))
			want := text[min(at, size):min(at+len(part), size)]
			if n != len(want) || !bytes.Equal(part[:n], want) || (n < len(part)) != errors.Is(err, io.EOF) {
				t.Fatalf("ReadAt(%d, %d) = %d, %v; want %d bytes", len(part), at, n, err, len(want))
			}
		}
		if all, err := io.ReadAll(r); err != nil || !bytes.Equal(all, text) {
			t.Fatalf("read whole: %d bytes, %v", len(all), err)
		}
	})
}

// TestNothingPasses alters an encrypted file in every way that leaves bytes of
// it and wants an error, never other text.
func TestNothingPasses(t *testing.T) {
	aead := newGCM(t, 7)
	text := bytes.Repeat([]byte("one record and another; "), 1700) // three blocks
	h := Header{Key: "2026-11-22.0", Label: "000000000001.0", Random: [16]byte{1}}
	good := seal(t, aead, h, text, 1000)
	header, err := h.encode()
	if err != nil {
		t.Fatal(err)
	}
	const block = BlockBytes + Overhead
	at := func(i int) int { return len(header) + i*block }
	cut := func(b []byte, parts ...[2]int) (out []byte) {
		for _, p := range parts {
			out = append(out, b[p[0]:p[1]]...)
		}
		return out
	}
	other := seal(t, aead, Header{Key: h.Key, Label: h.Label, Random: [16]byte{2}}, text, 1000)
	for name, bad := range map[string][]byte{
		"first block gone":        cut(good, [2]int{0, at(0)}, [2]int{at(1), len(good)}),
		"last block gone":         good[:at(2)],
		"cut in the last block":   good[:len(good)-1],
		"cut in a block":          good[:at(1)+100],
		"header alone":            good[:at(0)],
		"two blocks exchanged":    cut(good, [2]int{0, at(0)}, [2]int{at(1), at(2)}, [2]int{at(0), at(1)}, [2]int{at(2), len(good)}),
		"one block twice":         cut(good, [2]int{0, at(1)}, [2]int{at(0), at(1)}, [2]int{at(2), len(good)}),
		"bytes behind":            append(bytes.Clone(good), make([]byte, 50)...),
		"block of another file":   append(cut(good, [2]int{0, at(1)}), other[at(1):]...),
		"header of another file":  append(cut(other, [2]int{0, at(0)}), good[at(0):]...),
		"last block in mid place": cut(good, [2]int{0, at(1)}, [2]int{at(2), len(good)}),
	} {
		got, err := readAll(bad, aead)
		if err == nil {
			t.Errorf("%s: %d bytes were read without an error", name, len(got))
		}
		if !bytes.HasPrefix(text, got) {
			t.Errorf("%s: other text was read", name)
		}
	}
	if _, err := readAll(good, newGCM(t, 8)); err == nil {
		t.Error("another key opens it")
	}
	rapid.Check(t, func(t *rapid.T) {
		bad := bytes.Clone(good)
		i := rapid.IntRange(0, len(bad)-1).Draw(t, "byte")
		bad[i] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		got, err := readAll(bad, aead)
		if err == nil {
			t.Fatalf("byte %d altered: %d bytes were read without an error", i, len(got))
		}
		var where *BlockError
		if i >= len(header) && (!errors.As(err, &where) || where.Block != int64((i-len(header))/block)) {
			t.Fatalf("byte %d altered: %v", i, err)
		}
	})
}

func TestPlainFile(t *testing.T) {
	for _, b := range []string{"", "PAR1", "EVSEAL1", "PAR1 and much more"} {
		if _, _, err := ReadHeader(bytes.NewReader([]byte(b))); !errors.Is(err, ErrPlain) {
			t.Errorf("%q: %v", b, err)
		}
	}
	for _, b := range []string{magic, magic + "\x00", magic + "\x05abc", magic + "\x01a\x00", magic + "\x01a\x01b123"} {
		if _, _, err := ReadHeader(bytes.NewReader([]byte(b))); err == nil || errors.Is(err, ErrPlain) {
			t.Errorf("%q: %v", b, err)
		}
	}
	if _, err := NewWriter(io.Discard, newGCM(t, 1), Header{}); err == nil {
		t.Error("a file without a key was begun")
	}
}

func FuzzReadHeader(f *testing.F) {
	h := Header{Key: "2026-11-22.0", Label: "000000000001.0"}
	b, err := h.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(magic))
	aead := newGCM(f, 1)
	f.Fuzz(func(t *testing.T, b []byte) {
		h, n, err := ReadHeader(bytes.NewReader(b))
		if err != nil {
			return
		}
		again, err := h.encode()
		if err != nil || !bytes.Equal(again, b[:n]) {
			t.Fatalf("header of %d bytes encodes to %x, %v", n, again, err)
		}
		if got, err := readAll(b, aead); err == nil {
			t.Fatalf("%d bytes were read from what nobody encrypted", len(got))
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	aead := newGCM(b, 1)
	text := make([]byte, 1<<20)
	b.SetBytes(1 << 20)
	w, err := NewWriter(io.Discard, aead, Header{Key: "k"})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := w.Write(text); err != nil {
			b.Fatal(err)
		}
	}
}
