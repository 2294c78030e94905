package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode"

	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/ruletest"
	"github.com/evident-sec/evident/internal/state"
)

// filterText writes the Sigma filter document. It refers to the rule by its id,
// so that an update of the rule keeps it. The id is made of what the filter
// says: the same call gives the same document.
func filterText(t *tuning) (text, id string) {
	var b strings.Builder
	var pairs []string
	for i, field := range t.fields {
		value := t.values[i]
		if !strings.Contains(field, "|re") {
			value = escapeValue(value)
		}
		pairs = append(pairs, fmt.Sprintf("    %s: %s", yamlScalar(field), yamlScalar(value)))
	}
	id = uuidOf(append([]string{ruletest.Key(t.rule.Meta)}, pairs...))
	fmt.Fprintf(&b, "title: %s\n", yamlScalar("Tuning of "+t.rule.Title))
	fmt.Fprintf(&b, "id: %s\n", id)
	fmt.Fprintf(&b, "description: %s\n", yamlScalar(
		"A benign pattern that the rule finds. Written by evident rules tune, which tried it on the "+
			"rule's tests and on the past."))
	b.WriteString("status: experimental\nlogsource:\n")
	ls := t.rule.rule.Logsource
	for _, part := range [][2]string{{"product", ls.Product}, {"category", ls.Category}, {"service", ls.Service}} {
		if part[1] != "" {
			fmt.Fprintf(&b, "  %s: %s\n", part[0], yamlScalar(part[1]))
		}
	}
	fmt.Fprintf(&b, "filter:\n  rules:\n    - %s\n  benign:\n%s\n  condition: not benign\n",
		yamlScalar(ruletest.Key(t.rule.Meta)), strings.Join(pairs, "\n"))
	return b.String(), id
}

// escapeValue makes a literal text a Sigma value: wildcards lose their meaning,
// and so do backslashes that would take it from what follows them.
func escapeValue(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '*' || c == '?':
			b.WriteByte('\\')
		case c == '\\' && i+1 < len(s) && strings.IndexByte(`\*?`, s[i+1]) >= 0:
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// yamlScalar writes a text as a YAML scalar: plain where that is safe, in
// single quotes where it can be read, else with JSON's escapes, which YAML has.
func yamlScalar(s string) string {
	bare := s != "" && unicode.IsLetter(rune(s[0])) && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_' || r == '|' || r == '.')
	})
	if bare && !slices.Contains([]string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"},
		strings.ToLower(s)) {
		return s
	}
	if !strings.ContainsFunc(s, func(r rune) bool {
		return hostile(r) || r == '\uFFFD' || unicode.IsSpace(r) && r != ' '
	}) {
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	text, err := json.Marshal(s)
	if err != nil { // a string always has a JSON form
		return "''"
	}
	return string(plainJSON(text))
}

// uuidOf makes an identifier of texts, in the form of a UUID of version 8
// (RFC 9562), which is free for that.
func uuidOf(parts []string) string {
	h := sha256.Sum256([]byte("evident.tuning\n" + strings.Join(parts, "\n")))
	h[6], h[8] = h[6]&0x0f|0x80, h[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

// maxHidden bounds the examples of what a filter hides.
const maxHidden = 20

// tell sums up the findings that the filter hides. One that belongs to an
// incident is told by name.
func (p *tuningProof) tell(e *env, n *node.Node, hidden []state.Finding) error {
	p.Hidden = len(hidden)
	for i := range hidden {
		f := &hidden[i]
		if f.Host != "" && !slices.Contains(p.Hosts, f.Host) {
			p.Hosts = append(p.Hosts, f.Host)
		}
		line := fmt.Sprintf("%s  %s  %s", f.Event, f.Time.UTC().Format("2006-01-02 15:04:05"), orDash(f.Host))
		if len(p.Examples) < maxHidden {
			p.Examples = append(p.Examples, line)
		}
		live, err := n.State().Finding(e.ctx, f.UID)
		switch {
		case errors.Is(err, state.ErrNotFound):
		case err != nil:
			return err
		case live.Incident != "" && len(p.Serious) < maxHidden:
			p.Serious = append(p.Serious, line+"  "+live.Incident)
		}
	}
	slices.Sort(p.Hosts)
	return nil
}

// decide says whether the filter may be written.
func (c *rulesTuneCmd) decide(p *tuningProof) {
	switch {
	case len(p.Lost) > 0:
		p.Reason = fmt.Sprintf("the filter would hide %d positive %s of the rule", len(p.Lost),
			plural("test", len(p.Lost)))
	case p.Tests == 0 && !c.Unproven:
		p.Reason = "the rule has no positive test, so nothing shows that it still finds what it is for; " +
			"write one (docs/rules.md), name some with --tests, or insist with --unproven"
	default:
		p.Written = true
	}
}

// write puts the filter into a new file, or on standard output.
func (c *rulesTuneCmd) write(e *env, text string) error {
	if c.Out == "" {
		if c.JSON {
			return nil
		}
		_, err := fmt.Fprint(e.stdout, text)
		return err
	}
	f, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("write filter: %w", err)
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write filter: %w", err)
	}
	return nil
}

// print says what the filter was seen to do.
func (c *rulesTuneCmd) print(e *env, p *tuningProof) error {
	if c.JSON {
		return jsonLine(e.stdout, p)
	}
	out := e.stderr
	fmt.Fprintf(out, "%d positive tests of the rule still pass\n", p.Tests)
	for _, l := range p.Lost {
		fmt.Fprintf(out, "  HIDDEN: %s\n", plain(l))
	}
	fmt.Fprintf(out, "%d of %d hits of the past would be hidden", p.Hidden, p.Hits)
	if len(p.Hosts) > 0 {
		fmt.Fprintf(out, ", on %s", plain(short(strings.Join(p.Hosts, ", "))))
	}
	fmt.Fprintln(out)
	for _, x := range p.Examples {
		fmt.Fprintf(out, "  %s\n", plain(x))
	}
	for _, x := range p.Serious {
		fmt.Fprintf(out, "  part of an incident: %s\n", plain(x))
	}
	if p.Hits > 0 && p.Hidden == p.Hits {
		fmt.Fprintln(out, "  that is every hit there was: is the pattern narrow enough?")
	}
	switch {
	case !p.Written:
		fmt.Fprintf(out, "not written: %s\n", plain(p.Reason))
	case c.Out != "":
		fmt.Fprintf(out, "written to %s; it takes effect where that folder is among --rules\n", plain(c.Out))
	}
	return nil
}
