package safeguard

import "fmt"

// maxIdentifier bounds the work on one name, in bytes; real names are far
// shorter and the rest of a longer one is not read.
const maxIdentifier = 512

// Refuse says whether the identifier (a field, column or rule field name, not
// free text) stands for a protected attribute, and why. It ignores case and
// reads ".", "_", "-", spaces and camel case as gaps between words.
func Refuse(identifier string) (reason string, refused bool) {
	t, err := standard()
	if err != nil {
		return err.Error(), true
	}
	identifier = identifier[:min(len(identifier), maxIdentifier)]
	if h := t.name(identifier, false); h != nil {
		return fmt.Sprintf("refused: %s is protected; such fields do not exist", h.about), true
	}
	return "", false
}
