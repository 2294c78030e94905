package flaw

import "fmt"

// Problem is one thing in a file that is not as it should be.
type Problem struct {
	Where string // the place in the file; "" for the whole
	Text  string // what is wrong and what that means
	// Lost says that something could not be read; otherwise everything was, but
	// it is not as its writer leaves it.
	Lost bool
}

// Max bounds what is kept of a file that is broken all over.
const Max = 1000

// List gathers what is wrong with one file. The zero value is empty.
type List struct {
	list []Problem
	more int // beyond Max
}

// Add adds a problem, or counts it where there are too many.
func (l *List) Add(lost bool, where, format string, args ...any) {
	if len(l.list) >= Max {
		l.more++
		return
	}
	l.list = append(l.list, Problem{where, fmt.Sprintf(format, args...), lost})
}

// All returns the problems in the order they were added. The last says how many
// more there were.
func (l *List) All() []Problem {
	if l.more == 0 {
		return l.list
	}
	more := Problem{Text: fmt.Sprintf("%d more problems are not listed", l.more)}
	return append(l.list[:len(l.list):len(l.list)], more)
}

// Len returns how many problems were added.
func (l *List) Len() int { return len(l.list) + l.more }

// Join adds the problems of another list.
func (l *List) Join(other *List) {
	room := min(Max-len(l.list), len(other.list))
	l.list = append(l.list, other.list[:room]...)
	l.more += len(other.list) - room + other.more
}
