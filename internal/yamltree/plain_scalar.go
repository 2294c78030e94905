package yamltree

import "strings"

// splitKey splits "key: value" at its first colon that a space or the end
// follows. It knows keys that begin with a letter or _ and are plain names, and
// names in single quotes.
func splitKey(text string) (key, rest string, ok bool) {
	if quoted, isQuoted := strings.CutPrefix(text, "'"); isQuoted {
		key, rest, ok = strings.Cut(quoted, "':")
		named := ok && strings.Trim(key, nameBytes) == "" && key != ""
		return key, strings.TrimLeft(rest, " "), named && (rest == "" || rest[0] == ' ')
	}
	end := -1
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == ':' && (i+1 == len(text) || text[i+1] == ' ') {
			end = i
			break
		}
		if !keyByte(c) || i == 0 && !letter(c) {
			return "", "", false
		}
	}
	if end <= 0 || text[end-1] == ' ' || special(text[:end]) {
		return "", "", false
	}
	return text[:end], strings.TrimLeft(text[end+1:], " "), true
}

// nameBytes are those of a quoted key.
const nameBytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-|"

func letter(c byte) bool { return c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z' }

func digit(c byte) bool { return '0' <= c && c <= '9' }

// keyByte reports whether the byte may stand in a key.
func keyByte(c byte) bool {
	return letter(c) || digit(c) || strings.IndexByte(" -.|/$()@", c) >= 0
}

// special reports whether a plain text is, or might be, more than a text.
func special(text string) bool {
	if len(text) > 5 {
		return false
	}
	switch strings.ToLower(text) {
	case "null", "true", "false", "yes", "no", "on", "off", "y", "n", "inf", "nan":
		return true
	}
	return false
}

// scalarText reads a scalar on one line, with the comment after it.
func scalarText(rest string) (text string, kind Kind, ok bool) {
	switch rest[0] {
	case '\'':
		return singleQuoted(rest)
	case '"':
		end := strings.IndexByte(rest[1:], '"') + 1
		if end == 0 || strings.IndexByte(rest[:end], '\\') >= 0 || !comment(rest[end+1:]) {
			return "", 0, false
		}
		return rest[1:end], String, true
	}
	if i := strings.Index(rest, " #"); i >= 0 {
		rest = strings.TrimRight(rest[:i], " ")
	}
	switch rest {
	case "null":
		return "", Null, true
	case "true", "false":
		return rest, Bool, true
	}
	if strings.Contains(rest, ": ") || rest[len(rest)-1] == ':' || special(rest) {
		return "", 0, false
	}
	return plainText(rest)
}

// comment reports whether nothing but a comment is left of a line.
func comment(rest string) bool {
	trimmed := strings.TrimLeft(rest, " ")
	return trimmed == "" || trimmed[0] == '#' && len(trimmed) < len(rest)
}

// singleQuoted reads a quoted text, in which two quotes are one.
func singleQuoted(rest string) (string, Kind, bool) {
	doubled := false
	for i := 1; i < len(rest); i++ {
		if rest[i] != '\'' {
			continue
		}
		if i+1 < len(rest) && rest[i+1] == '\'' {
			doubled = true
			i++
			continue
		}
		text := rest[1:i]
		if doubled {
			text = strings.ReplaceAll(text, "''", "'")
		}
		return text, String, comment(rest[i+1:])
	}
	return "", 0, false
}

// plainText tells texts from numbers by their form; what might be either is
// left to the module.
func plainText(text string) (string, Kind, bool) {
	c := text[0]
	switch {
	case letter(c) || c >= 0x80 || c == '\\' || c == '/' || c == '(':
		return text, String, true
	case !digit(c):
		return "", 0, false
	}
	digits := strings.TrimLeft(text, "0123456789") == ""
	switch {
	case digits && len(text) <= 18 && (c != '0' || len(text) == 1):
		return text, Int, true
	case form(text, "0000-00-00"), form(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"),
		strings.ContainsAny(text, " /\\()ghijklmnpqrstuvwyzGHIJKLMNPQRSTUVWYZ"):
		return text, String, true
	}
	return "", 0, false
}

// form reports whether the text is digits where the form has 0, hexadecimal
// digits where it has x, and dashes where it has them.
func form(text, form string) bool {
	if len(text) != len(form) {
		return false
	}
	for i := range len(text) {
		c, f := text[i], form[i]
		hex := digit(c) || 'a' <= c|0x20 && c|0x20 <= 'f'
		if f == '-' && c != '-' || f == '0' && !digit(c) || f == 'x' && !hex {
			return false
		}
	}
	return true
}
