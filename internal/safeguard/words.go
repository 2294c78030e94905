package safeguard

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// accents gives letters of western languages the spelling of the term table.
var accents = map[rune]string{
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'đ': "d", 'ł': "l",
	'à': "a", 'á': "a", 'â': "a", 'ã': "a", 'ä': "a", 'å': "a", 'ç': "c",
	'è': "e", 'é': "e", 'ê': "e", 'ë': "e", 'ì': "i", 'í': "i", 'î': "i", 'ï': "i",
	'ñ': "n", 'ò': "o", 'ó': "o", 'ô': "o", 'õ': "o", 'ö': "o",
	'ù': "u", 'ú': "u", 'û': "u", 'ü': "u", 'ý': "y", 'ÿ': "y",
}

// reader cuts text into lower-case words without accents.
type reader struct {
	camel bool   // "userAge" is two words
	text  []byte // the words without gaps
	ends  []int  // where each word ends in text
	cased bool   // a capital cut a word
}

// split returns the words of a text. With camel, a capital within a word
// begins a new one; cased says whether one did.
func split(text string, camel bool) (words []string, cased bool) {
	r := reader{camel: camel, text: make([]byte, 0, len(text)+8)}
	var before rune
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRuneInString(text[i:])
		if c == '%' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]) {
			r.cut() // an escaped character of a URL
			i += 3
			continue
		}
		i += size
		if c < utf8.RuneSelf && !isWordByte[c] {
			r.cut()
			before = c
			continue
		}
		after, _ := utf8.DecodeRuneInString(text[i:])
		r.add(before, c, after)
		before = c
	}
	r.cut()
	return r.words(), r.cased
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// isWordByte says which ASCII characters make words.
var isWordByte = func() (is [utf8.RuneSelf]bool) {
	for c := range is {
		is[c] = unicode.IsLetter(rune(c)) || unicode.IsDigit(rune(c))
	}
	return is
}()

// add reads the character c, no ASCII sign, with its neighbours.
func (r *reader) add(before, c, after rune) {
	if r.camel && unicode.IsUpper(c) &&
		(unicode.IsLower(before) || unicode.IsUpper(before) && unicode.IsLower(after)) {
		r.cut()
		r.cased = true
	}
	if c < utf8.RuneSelf {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		r.text = append(r.text, byte(c))
		return
	}
	if 0xFF01 <= c && c <= 0xFF5E {
		c -= 0xFF01 - '!' // full-width forms
	}
	if unicode.In(c, unicode.Mn, unicode.Cf) {
		return // marks and invisible characters hide nothing
	}
	if !unicode.IsLetter(c) && !unicode.IsDigit(c) {
		r.cut()
		return
	}
	c = unicode.ToLower(c)
	if plain, ok := accents[c]; ok {
		r.text = append(r.text, plain...)
		return
	}
	r.text = utf8.AppendRune(r.text, c)
}

// cut ends a word.
func (r *reader) cut() {
	last := 0
	if n := len(r.ends); n > 0 {
		last = r.ends[n-1]
	}
	if len(r.text) > last {
		r.ends = append(r.ends, len(r.text))
	}
}

func (r *reader) words() []string {
	if len(r.ends) == 0 {
		return nil
	}
	text, from := string(r.text), 0
	out := make([]string, len(r.ends))
	for i, end := range r.ends {
		out[i] = text[from:end]
		from = end
	}
	return out
}

// plainRegex returns a regular expression with its operators as gaps, so that
// the words it looks for can be read: "(?i)\bchurch(es)?\b" has "church".
func plainRegex(re string) string {
	var out strings.Builder
	for i := 0; i < len(re); i++ {
		switch c := re[i]; {
		case c == '\\' && i+1 < len(re):
			i++
			if strings.IndexByte(`.-_@/`, re[i]) >= 0 {
				out.WriteByte(re[i])
			} else {
				out.WriteByte(' ')
			}
		case c == '[' && i+3 < len(re) && re[i+3] == ']' && strings.EqualFold(re[i+1:i+2], re[i+2:i+3]):
			out.WriteByte(re[i+1]) // [Cc]
			i += 3
		case c == '(' && i+1 < len(re) && re[i+1] == '?':
			for i+1 < len(re) && strings.IndexByte("?imsUP:", re[i+1]) >= 0 {
				i++
			}
			out.WriteByte(' ')
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}
