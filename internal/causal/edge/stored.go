package edge

import (
	"slices"
	"strings"
)

// KeyOf returns the key that entities of a kind get from their name, "" for the
// kinds that have one of their own.
func KeyOf(kind Kind, name string) string {
	switch kind {
	case KindProcess, KindSession, KindPrincipal, KindNone:
		return ""
	case KindFile:
		return NormalPath(name)
	}
	return strings.ToLower(name)
}

// VerbNamed returns the verb of that name.
func VerbNamed(name string) (Verb, bool) {
	i := slices.Index(verbNames[:], name)
	return Verb(max(i, 0)), i >= 0
}

// KindNamed returns the kind of that name.
func KindNamed(name string) (Kind, bool) {
	i := slices.Index(kindNames[:], name)
	return Kind(max(i, 0)), i >= 0
}

// StrengthNamed returns the strength of that letter.
func StrengthNamed(name string) (Strength, bool) {
	i := slices.Index([]string{Context.String(), Data.String(), Control.String()}, name)
	return Strength(max(i, 0)), i >= 0
}

// Verbs lists the names of all verbs in order.
func Verbs() []string { return slices.Clone(verbNames[:]) }
