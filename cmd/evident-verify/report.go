package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/evident-sec/evident/internal/printable"
)

// print writes the result: one line for each failure, one for each checkpoint
// under which proofs hold, and what proofs do not show.
func (r *result) print(w io.Writer, asJSON bool) error {
	if asJSON {
		body, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("print result: %w", err)
		}
		_, err = fmt.Fprintf(w, "%s\n", printable.JSON(body))
		return err
	}
	var b strings.Builder
	for _, f := range r.Failures {
		b.WriteString(f.line())
	}
	if hidden := r.Failed - len(r.Failures); hidden > 0 {
		fmt.Fprintf(&b, "FAILED and not listed: %d more\n", hidden)
	}
	for _, h := range r.Heads {
		fmt.Fprintf(&b, "%s: %s, %d entries, %s\n", plural(h.Proofs, "proof holds", "proofs hold"),
			printable.Text(h.Origin), h.Size, h.witnesses())
	}
	if r.Withheld > 0 {
		fmt.Fprintf(&b, "%d of them without the record's bytes: something with that hash is sealed\n",
			r.Withheld)
	}
	switch {
	case r.OK:
		fmt.Fprintf(&b, "OK. Not shown: %s.\n", strings.Join(r.NotShown, "; "))
	case r.Proofs == 0:
		b.WriteString("there is no proof in it\n")
	default:
		fmt.Fprintf(&b, "%d of %s\n", r.Failed, plural(r.Proofs, "proof fails", "proofs fail"))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// line is the reason in one line: where, which record, which check, why.
func (f failure) line() string {
	where := printable.Text(f.File)
	if f.Line > 0 {
		where += fmt.Sprintf(":%d", f.Line)
	}
	if f.Entry != nil {
		where += fmt.Sprintf(": entry %d, leaf %d", *f.Entry, *f.Leaf)
	}
	return fmt.Sprintf("FAILED %s: %s: %s\n", where, f.Class, printable.Text(f.Reason))
}

func (h checkpoint) witnesses() string {
	if len(h.Cosigned) == 0 {
		return "cosigned by nobody that the policy names"
	}
	var names []string
	for _, c := range h.Cosigned {
		names = append(names, printable.Text(c.Witness)+" "+c.Time.Format(time.RFC3339))
	}
	return "cosigned by " + strings.Join(names, ", ")
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
