package sigma

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDashExpansion is how many dashes are spelled out before base64: 5³ values.
const maxDashExpansion = 3

var errManyDashes = errors.New("windash before an encoding allows three dashes at most")

// transform applies one string modifier to a value; a value may become several
// alternatives.
func transform(m string, p pattern) ([]pattern, error) {
	switch m {
	case "contains":
		return []pattern{p.around(true, true)}, nil
	case "startswith":
		return []pattern{p.around(false, true)}, nil
	case "endswith":
		return []pattern{p.around(true, false)}, nil
	case "windash":
		return []pattern{windash(p)}, nil
	case "base64", "base64offset":
		return encodeBase64(m, p)
	case "wide", "utf16le", "utf16be", "utf16":
		return encodePattern(m, p)
	}
	return []pattern{p}, nil // cased, expand: handled where the value is read
}

// argumentDash finds a dash of any kind that begins an argument: not after a
// word character, and before one.
var argumentDash = regexp.MustCompile(`(?:^|[^\pL\pN_])([` + dashes + `])(?:[\pL\pN_])`)

// windash replaces each dash that begins an argument by the class of dashes.
func windash(p pattern) pattern {
	var out pattern
	for _, t := range p {
		if t.kind != tokenText {
			out = out.append(t)
			continue
		}
		rest := t.text
		for loc := argumentDash.FindStringSubmatchIndex(rest); loc != nil; {
			if at := loc[2]; at > 0 {
				out = out.append(token{tokenText, rest[:at]})
			}
			out = out.append(token{kind: tokenDash})
			rest = rest[loc[3]:]
			loc = argumentDash.FindStringSubmatchIndex(rest)
		}
		if rest != "" {
			out = append(out, token{tokenText, rest})
		}
	}
	return out
}

// spellDashes replaces dash classes by each dash in turn.
func spellDashes(p pattern, most int) ([]pattern, bool) {
	out := []pattern{nil}
	for _, t := range p {
		if t.kind != tokenDash {
			for i := range out {
				out[i] = out[i].append(t)
			}
			continue
		}
		if most--; most < 0 {
			return nil, false
		}
		var grown []pattern
		for _, o := range out {
			for _, d := range dashes {
				grown = append(grown, o[:len(o):len(o)].append(token{tokenText, string(d)}))
			}
		}
		out = grown
	}
	return out, true
}

// encodePattern encodes what stands between the wildcards of a value.
func encodePattern(m string, p pattern) ([]pattern, error) {
	spelled, ok := spellDashes(p, maxDashExpansion)
	if !ok {
		return nil, errManyDashes
	}
	for i := range spelled {
		spelled[i] = spelled[i].mapText(func(s string) string { return encodeUTF16(m, s) })
	}
	return spelled, nil
}

// encodeUTF16 returns the bytes of s in UTF-16; utf16 is little endian after a
// byte order mark.
func encodeUTF16(m, s string) string {
	var order binary.AppendByteOrder = binary.LittleEndian
	if m == "utf16be" {
		order = binary.BigEndian
	}
	var out []byte
	if m == "utf16" {
		out = append(out, 0xFF, 0xFE)
	}
	for _, u := range utf16.Encode([]rune(s)) {
		out = order.AppendUint16(out, u)
	}
	return string(out)
}

// encodeBase64 encodes a value without wildcards.
func encodeBase64(m string, p pattern) ([]pattern, error) {
	spelled, ok := spellDashes(p, maxDashExpansion)
	if !ok {
		return nil, errManyDashes
	}
	var out []pattern
	for _, s := range spelled {
		text, ok := s.plain()
		if !ok {
			return nil, errors.New("a value with wildcards cannot be encoded in base64")
		}
		if m == "base64" {
			out = append(out, pattern{}.append(token{
				tokenText,
				base64.StdEncoding.EncodeToString([]byte(text)),
			}))
			continue
		}
		for shift := range 3 {
			if v := base64At(text, shift); v != "" {
				out = append(out, pattern{}.append(token{tokenText, v}))
			}
		}
	}
	if len(out) == 0 {
		return nil, errors.New("the value is too short for base64offset")
	}
	return out, nil
}

// base64At returns the part of the encoding that does not depend on what
// surrounds text when shift bytes precede it.
func base64At(text string, shift int) string {
	full := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", shift) + text))
	start := [3]int{0, 2, 3}[shift]
	end := len(full) - [3]int{0, 3, 2}[(len(text)+shift)%3]
	if start >= end {
		return ""
	}
	return full[start:end]
}

// checkText refuses encoded text that no event could hold.
func checkText(p pattern) error {
	for _, t := range p {
		if t.kind == tokenText && !utf8.ValidString(t.text) {
			return errors.New("UTF-16 bytes that are not text need base64 or base64offset after them")
		}
	}
	return nil
}
