package evtx

// names remembers names and paths between templates: few different ones come
// up again and again.
type names struct {
	rename  func(string) string
	strings map[string]string    // by UTF-16 bytes
	fields  map[string]fieldName // by path
	scratch []byte
}

// Bounds on what is remembered. Windows' own logs have some thousand paths.
const (
	maxNames     = 8192
	maxNameBytes = 256 // of UTF-16
)

// fieldName is a field's path in the event and the name it is given.
type fieldName struct{ path, name string }

func (n *names) init(rename func(string) string) {
	n.rename = rename
	n.strings, n.fields = map[string]string{}, map[string]fieldName{}
}

// text returns UTF-16 bytes as a string.
func (n *names) text(b []byte) string {
	if s, ok := n.strings[string(b)]; ok {
		return s
	}
	s := string(appendUTF16(make([]byte, 0, len(b)), b))
	if len(b) <= maxNameBytes {
		if len(n.strings) >= maxNames {
			clear(n.strings)
		}
		n.strings[string(b)] = s
	}
	return s
}

// field returns the field whose path is prefix, separator and last together.
// Paths that are too long keep their name.
func (n *names) field(prefix, separator, last string) fieldName {
	n.scratch = append(append(append(n.scratch[:0], prefix...), separator...), last...)
	if f, ok := n.fields[string(n.scratch)]; ok {
		return f
	}
	path := string(n.scratch)
	f := fieldName{path, path}
	if len(path) > maxPathBytes {
		return f
	}
	if n.rename != nil {
		f.name = n.rename(path)
	}
	if len(n.fields) >= maxNames {
		clear(n.fields)
	}
	n.fields[path] = f
	return f
}
