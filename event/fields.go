package event

// Kind is the type of a native value as the source wrote it.
type Kind uint8

// The kinds of native values. Null is a field that is present without a value,
// which is not the same as an empty string or a missing field.
const (
	Null Kind = iota
	String
	Number
	Bool
	List
)

// Value is one native value. Text holds the decoded string, the raw number
// token ("4688", "-1.5e3") or "true"/"false"; Items holds a list's members.
type Value struct {
	Kind  Kind
	Text  string
	Items []Value
}

// Field is one native field under the source's own name; members of nested
// objects are joined with dots ("winlog.event_id").
type Field struct {
	Name  string
	Value Value
}

// Fields are the native fields of one record in source order. Where a source
// repeats a name, the first one counts.
type Fields []Field

// Get returns the value under name.
func (f Fields) Get(name string) (Value, bool) {
	for i := range f {
		if f[i].Name == name {
			return f[i].Value, true
		}
	}
	return Value{}, false
}

// Text returns the text of the value under name, "" when it is missing, null
// or a list.
func (f Fields) Text(name string) string {
	v, _ := f.Get(name)
	return v.Text
}
