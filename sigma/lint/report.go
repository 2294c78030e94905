package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// report collects the issues of a file.
type report struct {
	file   string
	uid    string // of the document being looked at
	issues []Issue
}

// Bounds on what is reported: a file with more has other problems.
const (
	maxIssues = 500 // of one file
	maxQuoted = 80  // bytes of the file in one message
)

// add notes an issue of the named check.
func (r *report) add(id string, line int, message string, args ...any) {
	r.addHint(id, line, "", message, args...)
}

// addHint notes an issue with a hint of its own instead of the check's.
func (r *report) addHint(id string, line int, hint, message string, args ...any) {
	c, ok := checkOf(id)
	if !ok || len(r.issues) >= maxIssues {
		return
	}
	if len(args) > 0 {
		message = fmt.Sprintf(message, args...)
	}
	if hint == "" {
		hint = c.Fix
	}
	r.issues = append(r.issues, Issue{
		File: r.file, Line: max(line, 1), Severity: c.Severity, ID: id,
		Message: message, Hint: hint, UID: r.uid,
	})
}

// failed reports whether there is an error so far.
func (r *report) failed() bool {
	return slices.ContainsFunc(r.issues, func(i Issue) bool { return i.Severity == Error })
}

// sorted orders issues by file, line and check.
func (r *report) sorted() []Issue {
	slices.SortStableFunc(r.issues, func(a, b Issue) int {
		return cmp.Or(cmp.Compare(a.File, b.File), a.Line-b.Line, cmp.Compare(a.ID, b.ID))
	})
	return r.issues
}

// clip shortens text that goes into a message.
func clip(s string) string {
	if len(s) > maxQuoted {
		return strings.ToValidUTF8(s[:maxQuoted], "") + "…"
	}
	return s
}
