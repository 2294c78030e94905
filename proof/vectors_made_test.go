package proof_test

import (
	"encoding/base64"
	"fmt"
	"math"
	"strings"

	"github.com/evident-sec/evident/proof"
)

// Policies of the vectors, by number.
const (
	policyNone = iota
	policyOne
	policyTwoOfThree
	policyNested
	policyOtherLog
	policyOtherWitness
)

var vectorPolicies = []string{
	"log LOG(" + testOrigin + ")\nquorum none\n",
	"log LOG(" + testOrigin + ")\nwitness office WITNESS(oversight.example/w1) https://w1.oversight.example/\nquorum office\n",
	"# two of three\nlog LOG(" + testOrigin + ")\n\nwitness a WITNESS(w/a)\nwitness b WITNESS(w/b)\n" +
		"witness c WITNESS(w/c)\ngroup two 2 a b c\nquorum two\n",
	"log LOG(example.com/other)\nlog LOG(" + testOrigin + ")\nwitness a WITNESS(w/a)\nwitness b WITNESS(w/b)\n" +
		"group own any a b\nwitness c WITNESS(w/c)\nwitness d WITNESS(w/d)\ngroup out all c d\n" +
		"group both all own out\nquorum both\n",
	"log LOG(example.com/other)\nquorum none\n",
	"log LOG(" + testOrigin + ")\nwitness x WITNESS(w/x)\nquorum x\n",
}

const (
	ok         = "ok"
	sealedOK   = "sealed"
	malformed  = "malformed"
	badLeaf    = string(proof.CheckLeaf)
	badEntry   = string(proof.CheckEntryPath)
	badSig     = string(proof.CheckCheckpoint)
	badQuorum  = string(proof.CheckQuorum)
	badLogPath = string(proof.CheckLogPath)
)

// make makes all vectors.
func (w *vectorWriter) make() {
	plain := w.base("plain", vectorBase(w.t, 5, 1, 42, 300, policyNone))
	single := w.base("alone", vectorBase(w.t, 1, 0, 1, 1, policyNone))
	office := w.base("office", vectorBase(w.t, 8, 7, 300, 300, policyOne, "oversight.example/w1"))
	two := w.base("two of three", vectorBase(w.t, 3, 2, 7, 19, policyTwoOfThree, "w/a", "w/b", "w/c"))
	nested := w.base("nested", vectorBase(w.t, 500, 499, 513, 1000, policyNested, "w/b", "w/c", "w/d"))
	withheld := vectorBase(w.t, 6, 4, 2, 5, policyOne, "oversight.example/w1")
	leaf := proof.LeafHash([16]byte(withheld.salt), withheld.raw)
	withheld.flag, withheld.salt, withheld.leafHash = 0, nil, leaf[:]
	erased := w.base("erased", withheld)
	w.good(plain, single, office, two, nested, erased)
	for _, base := range []int{plain, single, two, erased} {
		w.malformedText(base)
	}
	for _, base := range []int{plain, office, nested} {
		w.altered(base)
	}
	w.extraData(plain)
	w.extraText(two)
	w.paths(plain, single)
	w.checkpoints(plain)
	w.cosignatures(two)
	w.policies(two, nested, office)
	w.erased(erased)
}

func (w *vectorWriter) good(bases ...int) {
	for _, base := range bases[:len(bases)-1] {
		w.add(base, "as it is", ok, nil)
	}
	for records := 1; records <= 9; records++ {
		p := vectorBase(w.t, records, records-1, uint64(records), 9, policyNone)
		w.base(fmt.Sprintf("last of %d records, entry %d of 9", records, records), p)
		w.add(len(w.bases)-1, "as it is", ok, nil)
		w.add(len(w.bases)-1, "a byte more in the record", badLeaf, func(p *parts) { p.raw = append(p.raw, 0) })
	}
	empty := vectorBase(w.t, 2, 0, 3, 4, policyNone)
	w.base("another", empty)
	w.add(len(w.bases)-1, "as it is", ok, nil)
	w.add(len(w.bases)-1, "an empty record instead", badLeaf, func(p *parts) { p.raw = []byte{} })
}

// malformedText breaks the form: each has one reading only.
func (w *vectorWriter) malformedText(base int) {
	cut := func(text string) func(string) string {
		return func(s string) string { return strings.Replace(s, text, "", 1) }
	}
	swap := func(from, to string) func(string) string {
		return func(s string) string { return strings.Replace(s, from, to, 1) }
	}
	w.text(base, "empty", malformed, func(string) string { return "" })
	w.text(base, "another format", malformed, swap("tlog-proof@v1", "tlog-proof@v2"))
	w.text(base, "carriage returns", malformed, func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") })
	w.text(base, "a line before", malformed, func(s string) string { return "\n" + s })
	w.text(base, "a byte order mark", malformed, func(s string) string { return "\ufeff" + s })
	w.text(base, "no extra data", malformed, func(s string) string {
		lines := strings.SplitAfterN(s, "\n", 3)
		return lines[0] + lines[2]
	})
	w.text(base, "extra and index exchanged", malformed, func(s string) string {
		lines := strings.SplitAfterN(s, "\n", 4)
		return lines[0] + lines[2] + lines[1] + lines[3]
	})
	w.text(base, "two spaces after extra", malformed, swap("extra ", "extra  "))
	w.text(base, "no index", malformed, cut("index "))
	w.text(base, "index with a leading zero", malformed, swap("index ", "index 0"))
	w.text(base, "index with a sign", malformed, swap("index ", "index +"))
	w.text(base, "index below zero", malformed, swap("index ", "index -1"))
	w.text(base, "index above 63 bits", malformed, swap("index ", "index 9223372036854775808"))
	w.text(base, "index with a space behind", malformed, func(s string) string {
		lines := strings.SplitN(s, "\n", 4)
		lines[2] += " "
		return strings.Join(lines, "\n")
	})
	w.text(base, "no empty line", malformed, func(s string) string { return strings.ReplaceAll(s, "\n\n", "\n") })
}

// altered changes one bit of what is committed to.
func (w *vectorWriter) altered(base int) {
	w.add(base, "a bit of the record", badLeaf, func(p *parts) { p.raw[3] ^= 1 })
	w.add(base, "a byte less in the record", badLeaf, func(p *parts) { p.raw = p.raw[1:] })
	w.add(base, "a bit of the salt", badLeaf, func(p *parts) { p.salt[15] ^= 0x80 })
	w.add(base, "the leaf's mark", badLeaf, func(p *parts) { p.leafHash[2] ^= 1 })
	w.add(base, "the root's mark", badEntry, func(p *parts) { p.root[0] ^= 1 })
	w.add(base, "the first hash of the leaf path", badEntry, func(p *parts) { p.leafPath[0][31] ^= 1 })
	w.add(base, "a neighbour's position", badEntry, func(p *parts) { p.leaf ^= 1 })
	w.add(base, "a position outside", badEntry, func(p *parts) { p.leaf = p.count })
	w.add(base, "more records than there were", badEntry, func(p *parts) { p.count = 100_000 })
	w.add(base, "a bit of the header hash", badLogPath, func(p *parts) { p.manifest[9] ^= 4 })
	w.add(base, "another number of bytes", badLogPath, func(p *parts) { p.bytes++ })
	w.add(base, "another entry's place", badLogPath, func(p *parts) { p.index = "8" })
	w.add(base, "a hash of the log path", badLogPath, func(p *parts) {
		p.logPath[1] = hashOf("another").String()
	})
	w.add(base, "index behind the log's end", badLogPath, func(p *parts) { p.index = "1000" })
	w.add(base, "the largest index", badLogPath, func(p *parts) { p.index = "9223372036854775807" })
	w.add(base, "checkpoint of another size", badSig, func(p *parts) {
		p.text = strings.Replace(p.text, "00\n", "01\n", 1)
	})
	w.add(base, "checkpoint of another root", badSig, func(p *parts) {
		lines := strings.Split(p.text, "\n")
		lines[2] = hashOf("forged").String()
		p.text = strings.Join(lines, "\n")
	})
	w.add(base, "a bit of the log's signature", badSig, func(p *parts) { p.sigs[0] = turn(p.sigs[0], 30) })
	w.add(base, "the log's key identifier", badSig, func(p *parts) { p.sigs[0] = turn(p.sigs[0], 0) })
	w.add(base, "no signature by the log", badSig, func(p *parts) { p.sigs = p.sigs[1:] })
	w.add(base, "without the record", badLeaf, func(p *parts) { p.raw = nil })
}

// turn changes one bit of byte i of a signature line's data.
func turn(line string, i int) string {
	head, encoded, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
	name, encoded, _ := strings.Cut(encoded, " ")
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return ""
	}
	data[i] ^= 1
	return head + " " + name + " " + base64.StdEncoding.EncodeToString(data) + "\n"
}

// extraData breaks the extra data.
func (w *vectorWriter) extraData(base int) {
	w.add(base, "version 0", malformed, func(p *parts) { p.version = 0 })
	w.add(base, "version 3", malformed, func(p *parts) { p.version = 3 })
	w.add(base, "version 2 named 1", malformed, func(p *parts) { p.version = 1 })
	w.add(base, "header hash a byte short", badLogPath, func(p *parts) { p.manifest = p.manifest[:31] })
	w.add(base, "flag 2", malformed, func(p *parts) { p.flag = 2 })
	w.add(base, "flag 0 with a salt", malformed, func(p *parts) { p.flag = 0 })
	w.add(base, "salt cut", malformed, func(p *parts) { p.salt = p.salt[:15] })
	w.add(base, "mark too long", malformed, func(p *parts) { p.root = append(p.root, 0) })
	w.add(base, "a byte behind the path", malformed, func(p *parts) { p.tail = []byte{0} })
	w.add(base, "half a hash behind the path", malformed, func(p *parts) { p.tail = make([]byte, 16) })
	w.add(base, "count of 2^31", malformed, func(p *parts) { p.count = 1 << 31 })
	w.add(base, "position of 2^31", malformed, func(p *parts) { p.leaf = 1 << 31 })
	w.add(base, "bytes of 2^63", malformed, func(p *parts) { p.bytes = 1 << 63 })
	w.add(base, "no records", badEntry, func(p *parts) { p.count = 0 })
	w.add(base, "largest count", badEntry, func(p *parts) { p.count = math.MaxInt32 })
}

// extraText breaks the base64 of the extra data.
func (w *vectorWriter) extraText(base int) {
	extra := strings.SplitN(w.bases[base].String(), "\n", 3)[1]
	for _, c := range []struct{ name, to string }{
		{"extra with loose base64", loosen(extra, len(extra)-3)},
		{"extra without padding", strings.TrimRight(extra, "=")},
		{"extra with a digit of URL base64", extra[:20] + "_" + extra[21:]},
		{"extra of nothing", "extra "},
		{"extra of the magic alone", "extra " + base64.StdEncoding.EncodeToString([]byte("EVR\x02"))},
		{"a long form of a small number", "extra " + base64.StdEncoding.EncodeToString(
			append([]byte("EVR\x02\x83\x00"), w.bases[base].extra()[5:]...))},
	} {
		if c.to == extra {
			w.t.Fatalf("%s changes nothing", c.name)
		}
		w.text(base, c.name, malformed, func(s string) string { return strings.Replace(s, extra, c.to, 1) })
	}
}

// paths changes the number of hashes.
func (w *vectorWriter) paths(plain, single int) {
	w.add(plain, "a hash less for the leaf", badEntry, func(p *parts) { p.leafPath = p.leafPath[1:] })
	w.add(plain, "a hash more for the leaf", badEntry, func(p *parts) { p.leafPath = append(p.leafPath, hashOf("x")) })
	w.add(plain, "no leaf path", badEntry, func(p *parts) { p.leafPath = nil })
	w.add(plain, "leaf path turned", badEntry, func(p *parts) { p.leafPath[0], p.leafPath[1] = p.leafPath[1], p.leafPath[0] })
	w.add(plain, "a hash less for the entry", badLogPath, func(p *parts) { p.logPath = p.logPath[1:] })
	w.add(plain, "a hash more for the entry", badLogPath, func(p *parts) { p.logPath = append(p.logPath, hashOf("x").String()) })
	w.add(plain, "no log path", badLogPath, func(p *parts) { p.logPath = nil })
	w.add(plain, "log path turned", badLogPath, func(p *parts) { p.logPath[0], p.logPath[1] = p.logPath[1], p.logPath[0] })
	w.add(plain, "64 hashes for the entry", badLogPath, func(p *parts) {
		for len(p.logPath) < 64 {
			p.logPath = append(p.logPath, hashOf("x").String())
		}
	})
	w.add(plain, "65 hashes for the entry", malformed, func(p *parts) {
		for len(p.logPath) < 65 {
			p.logPath = append(p.logPath, hashOf("x").String())
		}
	})
	w.add(plain, "65 hashes for the leaf", malformed, func(p *parts) {
		for len(p.leafPath) < 65 {
			p.leafPath = append(p.leafPath, hashOf("x"))
		}
	})
	w.add(plain, "loose base64 in the log path", malformed, func(p *parts) { p.logPath[0] = loosen(p.logPath[0], 42) })
	w.add(plain, "a short hash in the log path", malformed, func(p *parts) { p.logPath[0] = p.logPath[0][:40] })
	w.add(plain, "hex in the log path", malformed, func(p *parts) { p.logPath[0] = strings.Repeat("a0", 32) })
	w.add(single, "a hash for the leaf where none belongs", badEntry, func(p *parts) { p.leafPath = append(p.leafPath, hashOf("x")) })
	w.add(single, "a hash for the entry where none belongs", badLogPath, func(p *parts) { p.logPath = []string{hashOf("x").String()} })
}

// checkpoints are well signed and still not right, or the reverse.
func (w *vectorWriter) checkpoints(base int) {
	sign := func(name, result string, edit func(string) string) {
		w.add(base, name, result, func(p *parts) {
			if edited := edit(p.text); edited != p.text {
				p.text = edited
				p.sign(w.t, testOrigin)
			}
		})
	}
	swap := func(from, to string) func(string) string {
		return func(s string) string { return strings.Replace(s, from, to, 1) }
	}
	sign("signed, of a larger log", badLogPath, swap("\n300\n", "\n600\n"))
	sign("signed, of an empty log", badLogPath, swap("\n300\n", "\n0\n"))
	sign("signed, size above 2^48", badSig, swap("\n300\n", "\n281474976710657\n"))
	sign("signed, size of 2^48", badLogPath, swap("\n300\n", "\n281474976710656\n"))
	sign("signed, size with a leading zero", badSig, swap("\n300\n", "\n0300\n"))
	sign("signed, size in words", badSig, swap("\n300\n", "\nmany\n"))
	sign("signed, with an extension line", badSig, func(s string) string { return s + "extension\n" })
	sign("signed, without a root", badSig, func(s string) string { return strings.Join(strings.SplitAfter(s, "\n")[:2], "") })
	sign("signed, root in loose base64", badSig, func(s string) string { return loosen(s, len(s)-3) })
	sign("signed, origin of another log", badSig, swap("/test", "/else"))
	w.add(base, "signed by another log's key", badSig, func(p *parts) { p.sign(w.t, "example.com/other") })
	w.add(base, "a stranger's signature besides", ok, func(p *parts) {
		p.sigs = append([]string{witnessKey(w.t, "w/stranger").Cosign(p.text, vectorTime)}, p.sigs...)
	})
	w.add(base, "the signature twice", ok, func(p *parts) { p.sigs = append(p.sigs, p.sigs[0]) })
	w.add(base, "a right signature, then a wrong one", ok, func(p *parts) { p.sigs = append(p.sigs, turn(p.sigs[0], 30)) })
	w.add(base, "a wrong signature, then a right one", badSig, func(p *parts) { p.sigs = []string{turn(p.sigs[0], 30), p.sigs[0]} })
	w.add(base, "no signatures", badSig, func(p *parts) { p.sigs = nil })
	w.add(base, "no final newline", badSig, func(p *parts) { p.sigs[0] = strings.TrimSuffix(p.sigs[0], "\n") })
	w.add(base, "a hyphen for the dash", badSig, func(p *parts) { p.sigs[0] = "-" + strings.TrimPrefix(p.sigs[0], "—") })
	w.add(base, "loose base64 in the signature", badSig, func(p *parts) { p.sigs[0] = loosen(p.sigs[0], len(p.sigs[0])-3) })
	w.add(base, "a signature of three bytes", badSig, func(p *parts) { p.sigs = append(p.sigs, "— x AAAA\n") })
	w.add(base, "a signature without a name", badSig, func(p *parts) { p.sigs = append(p.sigs, "—  AAAAAAAA\n") })
	w.add(base, "an unknown signature in loose base64", ok, func(p *parts) { p.sigs = append(p.sigs, "— x AAAAAAB=\n") })
	w.add(base, "a tab in the checkpoint", badSig, func(p *parts) { p.sigs = append(p.sigs, "— x\tAAAAAAA=\n") })
	w.add(base, "text behind the signatures", badSig, func(p *parts) { p.sigs = append(p.sigs, "see above\n") })
	w.add(base, "an empty line behind the signatures", badSig, func(p *parts) { p.sigs = append(p.sigs, "\n") })
	w.add(base, "100 signatures", ok, func(p *parts) { p.sigs = append(strangers(99), p.sigs...) })
	w.add(base, "101 signatures", badSig, func(p *parts) { p.sigs = append(strangers(100), p.sigs...) })
}

// strangers returns signature lines by keys that no policy names.
func strangers(n int) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = fmt.Sprintf("— s%d AAAAAAA=\n", i)
	}
	return lines
}

// cosignatures changes those of a checkpoint that takes two of three.
func (w *vectorWriter) cosignatures(base int) {
	drop := func(result string, keep ...int) {
		w.add(base, fmt.Sprintf("only signatures %v", keep), result, func(p *parts) {
			sigs := p.sigs[:1]
			for _, i := range keep {
				sigs = append(sigs, w.bases[base].sigs[i])
			}
			p.sigs = sigs
		})
	}
	drop(ok, 1, 2)
	drop(ok, 1, 3)
	drop(ok, 2, 3)
	drop(ok, 3, 2, 1)
	drop(ok, 1, 1, 2)
	drop(badQuorum, 1)
	drop(badQuorum, 2)
	drop(badQuorum, 3)
	drop(badQuorum, 1, 1)
	drop(badQuorum)
	w.add(base, "witnesses before the log", ok, func(p *parts) {
		p.sigs[0], p.sigs[1], p.sigs[2] = p.sigs[1], p.sigs[2], p.sigs[0]
	})
	w.add(base, "witnesses without the log", badSig, func(p *parts) { p.sigs = p.sigs[1:] })
	for _, at := range []int{7, 11, 12, 75} { // time, its last byte, signature, its last byte
		w.add(base, fmt.Sprintf("a bit in byte %d of a cosignature", at), badQuorum,
			func(p *parts) { p.sigs[3] = turn(p.sigs[3], at) })
	}
	w.add(base, "a bit of one key identifier", ok, func(p *parts) { p.sigs[2] = turn(p.sigs[2], 3) })
	w.add(base, "a time above 63 bits", badQuorum, func(p *parts) { p.sigs[1] = turnHigh(p.sigs[1]) })
	w.add(base, "a cosignature of another checkpoint", badQuorum, func(p *parts) {
		p.sigs[3] = witnessKey(w.t, "w/c").Cosign(strings.Replace(p.text, "\n19\n", "\n20\n", 1), vectorTime)
	})
	w.add(base, "a plain signature by a witness's key", badQuorum, func(p *parts) {
		signed := signNote(w.t, "w/b", p.text)
		p.sigs = []string{p.sigs[0], p.sigs[1], strings.TrimPrefix(signed, p.text+"\n")}
	})
	w.add(base, "a cosignature under another's name", badQuorum, func(p *parts) {
		p.sigs = []string{p.sigs[0], p.sigs[1], strings.Replace(p.sigs[1], "w/a", "w/b", 1)}
	})
	w.add(base, "loose base64 in a cosignature", badQuorum, func(p *parts) { p.sigs[2] = loosen(p.sigs[2], len(p.sigs[2])-4) })
	w.add(base, "a cosignature cut", badQuorum, func(p *parts) {
		p.sigs[2] = p.sigs[2][:len(p.sigs[2])-9] + "\n"
	})
}

// turnHigh sets the highest bit of a cosignature's time.
func turnHigh(line string) string {
	at := strings.LastIndex(line, " ") + 1
	data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(line[at:]))
	if err != nil {
		return ""
	}
	data[4] |= 0x80
	return line[:at] + base64.StdEncoding.EncodeToString(data) + "\n"
}

// policies checks proofs under other policies than their own.
func (w *vectorWriter) policies(two, nested, office int) {
	under := func(base, policy int, result string) {
		w.add(base, fmt.Sprintf("under policy %d", policy), result, func(p *parts) { p.policy = policy })
	}
	for _, base := range []int{two, nested, office} {
		under(base, policyNone, ok)
		under(base, policyOtherLog, badSig)
		under(base, policyOtherWitness, badQuorum)
	}
	under(two, policyOne, badQuorum)
	under(two, policyNested, badQuorum)
	under(nested, policyTwoOfThree, ok)
	under(office, policyTwoOfThree, badQuorum)
	for i, result := range []string{badSig, badQuorum, badQuorum, badQuorum} {
		w.add(nested, fmt.Sprintf("without signature %d", i), result, func(p *parts) {
			p.sigs = append(p.sigs[:i:i], p.sigs[i+1:]...)
		})
	}
	w.add(nested, "the other of the office's own", ok, func(p *parts) {
		p.sigs[1] = witnessKey(w.t, "w/a").Cosign(p.text, vectorTime)
	})
	w.add(nested, "both of the office's own, one outside", badQuorum, func(p *parts) {
		p.sigs[2] = witnessKey(w.t, "w/a").Cosign(p.text, vectorTime)
	})
}

// erased checks a proof whose salt was destroyed.
func (w *vectorWriter) erased(base int) {
	sealed := func(name, result string, edit func(*parts)) {
		w.add(base, name, result, func(p *parts) {
			p.raw = nil
			if edit != nil {
				edit(p)
			}
		})
	}
	sealed("without the record", sealedOK, nil)
	w.add(base, "with the record", badLeaf, nil)
	sealed("a bit of the leaf hash", badEntry, func(p *parts) { p.leafHash[7] ^= 1 })
	sealed("the root's mark", badEntry, func(p *parts) { p.root[1] ^= 1 })
	sealed("another number of bytes", badLogPath, func(p *parts) { p.bytes-- })
	sealed("no cosignature", badQuorum, func(p *parts) { p.sigs = p.sigs[:1] })
	sealed("flag 1 without a salt", malformed, func(p *parts) { p.flag = 1 })
	sealed("leaf hash cut", malformed, func(p *parts) { p.leafHash = p.leafHash[:31] })
}
