package evtx

import "fmt"

// Problem is one thing in a file that is not as it should be.
type Problem struct {
	Where string // the place in the file; "" for the whole
	Text  string // what is wrong and what that means
	// Lost says that something could not be read; otherwise everything was, but
	// it is not as Windows writes it.
	Lost bool
}

// maxProblems bounds what is kept of a file that is broken all over.
const maxProblems = 1000

// problems gathers what is wrong with one file.
type problems struct {
	list []Problem
	more int // beyond maxProblems
}

func (p *problems) add(lost bool, where, format string, args ...any) {
	if len(p.list) >= maxProblems {
		p.more++
		return
	}
	p.list = append(p.list, Problem{where, fmt.Sprintf(format, args...), lost})
}
