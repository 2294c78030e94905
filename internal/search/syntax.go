package search

import "fmt"

// Limits of a query. They bound the work that one query can ask for.
const (
	MaxQueryBytes = 32 << 10 // length of the text
	MaxDepth      = 40       // nested parentheses and negations
	MaxTerms      = 400      // values to compare with
	maxWildcards  = 32       // * and ? in one value
)

// SyntaxError says what is wrong with a query and where.
type SyntaxError struct {
	Offset  int    // byte offset of the fault in the query
	Length  int    // bytes the fault spans; 0 where something is missing
	Message string // what is wrong
	Hint    string // what to write instead; may be empty
}

// Error implements error.
func (e *SyntaxError) Error() string {
	text := fmt.Sprintf("parse query at byte %d: %s", e.Offset, e.Message)
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// fault returns a SyntaxError over src[from:to].
func fault(from, to int, hint, format string, args ...any) *SyntaxError {
	return &SyntaxError{
		Offset: from, Length: to - from, Hint: hint, Message: fmt.Sprintf(format, args...),
	}
}
