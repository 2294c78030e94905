package event

// Type is the type of an attribute's values.
type Type uint8

// The types of attributes. TypeInt is a 64-bit integer kept as decimal text in
// AttrValue; TypeTime is RFC 3339 text.
const (
	TypeText Type = iota
	TypeInt
	TypeTime
)

// Attribute describes one entry of the dictionary.
type Attribute struct {
	Path       string // OCSF path, e.g. "process.cmd_line": the name in queries
	Type       Type
	Caption    string // one line for completion and documentation
	Identifier bool   // joins events: gets a Bloom filter
	Person     bool   // identifies a person: passes the masker
}

// Info returns the dictionary entry of the attribute.
func (a Attr) Info() Attribute { return dictionary[a] }

// String returns the attribute's OCSF path.
func (a Attr) String() string { return dictionary[a].Path }

// Dictionary returns all attributes in the order of the lake's columns.
func Dictionary() []Attribute { return append([]Attribute(nil), dictionary[:]...) }

// Lookup finds the attribute with the OCSF path.
func Lookup(path string) (Attr, bool) {
	for i := range dictionary {
		if dictionary[i].Path == path {
			return Attr(i), true
		}
	}
	return 0, false
}
