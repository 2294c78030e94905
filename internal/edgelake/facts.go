package edgelake

import (
	"encoding/binary"

	"github.com/evident-sec/evident/internal/causal/edge"
)

// factTexts are the texts of edge.Facts with the names of their columns. The
// place of each is its bit in a packed fact.
var factTexts = []struct {
	column string
	of     func(*edge.Facts) *string
}{
	{"cmd_line", func(f *edge.Facts) *string { return &f.CmdLine }},
	{"user", func(f *edge.Facts) *string { return &f.User }},
	{"in_session", func(f *edge.Facts) *string { return &f.Session }},
	{"session_guid", func(f *edge.Facts) *string { return &f.SessionGUID }},
	{"linked_session", func(f *edge.Facts) *string { return &f.LinkedSession }},
	{"integrity", func(f *edge.Facts) *string { return &f.Integrity }},
	{"sha256", func(f *edge.Facts) *string { return &f.SHA256 }},
	{"original_name", func(f *edge.Facts) *string { return &f.Original }},
	{"from_ip", func(f *edge.Facts) *string { return &f.SrcIP }},
	{"from_port", func(f *edge.Facts) *string { return &f.SrcPort }},
	{"from_host", func(f *edge.Facts) *string { return &f.SrcHost }},
	{"to_ip", func(f *edge.Facts) *string { return &f.DstIP }},
	{"to_port", func(f *edge.Facts) *string { return &f.DstPort }},
	{"to_host", func(f *edge.Facts) *string { return &f.DstHost }},
	{"conn_uid", func(f *edge.Facts) *string { return &f.ConnUID }},
	{"protocol", func(f *edge.Facts) *string { return &f.App }},
	{"access", func(f *edge.Facts) *string { return &f.Access }},
	{"command", func(f *edge.Facts) *string { return &f.Command }},
	{"origin", func(f *edge.Facts) *string { return &f.Origin }},
	{"signed", func(f *edge.Facts) *string { return &f.Signed }},
	{"value", func(f *edge.Facts) *string { return &f.Value }},
	{"by_session", func(f *edge.Facts) *string { return &f.RealActor }},
}

// Bits of a packed fact after those of factTexts.
const (
	bitLogonType = 1 << (24 + iota)
	bitBytes
	bitLinux
	bitInbound
	bitPresent // so that empty facts are not the same as none
)

// appendFacts packs facts: a mask of what is there, the numbers of its texts,
// and its numbers.
func appendFacts(b []byte, f *edge.Facts, number func(string) uint32) []byte {
	mask := uint64(bitPresent)
	for i := range factTexts {
		if *factTexts[i].of(f) != "" {
			mask |= 1 << i
		}
	}
	for _, bit := range []struct {
		is  bool
		bit uint64
	}{
		{f.LogonType != 0, bitLogonType},
		{f.Bytes != 0, bitBytes},
		{f.Linux, bitLinux},
		{f.Inbound, bitInbound},
	} {
		if bit.is {
			mask |= bit.bit
		}
	}
	b = binary.AppendUvarint(b, mask)
	for i := range factTexts {
		if mask&(1<<i) != 0 {
			b = binary.AppendUvarint(b, uint64(number(*factTexts[i].of(f))))
		}
	}
	if f.LogonType != 0 {
		b = binary.AppendVarint(b, f.LogonType)
	}
	if f.Bytes != 0 {
		b = binary.AppendVarint(b, f.Bytes)
	}
	return b
}

// readFacts is the reverse of appendFacts, for bytes that it made.
func readFacts(b []byte, text func(int64) string) *edge.Facts {
	mask, n := binary.Uvarint(b)
	b = b[n:]
	f := &edge.Facts{Linux: mask&bitLinux != 0, Inbound: mask&bitInbound != 0}
	for i := range factTexts {
		if mask&(1<<i) != 0 {
			id, n := binary.Uvarint(b)
			b = b[n:]
			*factTexts[i].of(f) = text(int64(id))
		}
	}
	if mask&bitLogonType != 0 {
		f.LogonType, n = binary.Varint(b)
		b = b[n:]
	}
	if mask&bitBytes != 0 {
		f.Bytes, _ = binary.Varint(b)
	}
	return f
}
