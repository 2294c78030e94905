package search

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/evident-sec/evident/internal/instant"
)

// ref is a column that a stage names: a field of events, or a column that an
// earlier stage made.
type ref struct {
	name  string
	kind  kind
	field *field // nil where an earlier stage made it
}

// scope is what a stage can refer to: any field while there are events, then
// the columns that are left.
type scope struct {
	events  bool
	columns []ref
}

// stageWords lists the stages, for messages and completion.
var stageWords = []string{"count", "top", "timechart", "table", "sort", "dedup", "head"}

// stages reads | stage | stage … up to the end.
func (p *parser) stages() ([]stage, error) {
	var out []stage
	s := scope{events: true}
	for p.at('|') {
		pipe := p.pos
		p.pos++
		if len(out) == MaxStages {
			return nil, fault(pipe, pipe+1, "", "the query has more than %d stages", MaxStages)
		}
		p.space()
		st, next, err := p.stage(s)
		if err != nil {
			return nil, err
		}
		out, s = append(out, st), next
		if p.space(); !p.end() && !p.at('|') {
			from, to := p.nextWord()
			return nil, fault(from, to, "", "%q does not belong here", p.src[from:to])
		}
	}
	return out, nil
}

func (p *parser) stage(s scope) (stage, scope, error) {
	from := p.pos
	word := p.bareWord()
	to := p.pos
	p.space()
	switch word {
	case "count":
		return p.countStage(s)
	case "top":
		return p.topStage(s)
	case "timechart":
		return p.timechartStage(s)
	case "table":
		return p.tableStage(s)
	case "sort":
		return p.sortStage(s)
	case "dedup":
		return p.dedupStage(s)
	case "head":
		n, err := p.rowCount("head")
		return head{n}, s, err
	case "":
		return nil, s, fault(from, from, stageHint(), "a stage is missing after the pipe")
	default:
		if i := slices.Index(stageWords, strings.ToLower(word)); i >= 0 {
			return nil, s, fault(from, to, "write "+stageWords[i], "stages are written in small letters")
		}
		return nil, s, fault(from, to, stageHint(), "unknown stage %q", word)
	}
}

func stageHint() string { return "one of " + strings.Join(stageWords, ", ") }

// nextWord returns where the word that stands here begins and ends.
func (p *parser) nextWord() (from, to int) {
	to = p.pos
	for to < len(p.src) && !strings.ContainsRune(" \t\r\n,|=", rune(p.src[to])) {
		to++
	}
	return p.pos, max(to, min(p.pos+1, len(p.src)))
}

// bareWord reads a word without special characters.
func (p *parser) bareWord() string {
	from := p.pos
	for !p.end() && !strings.ContainsRune(" \t\r\n,|=", rune(p.src[p.pos])) {
		p.pos++
	}
	return p.src[from:p.pos]
}

// peek reports whether the word stands here.
func (p *parser) peek(word string) bool {
	from, to := p.nextWord()
	return p.src[from:to] == word
}

// rowCount reads the number of rows of head and top.
func (p *parser) rowCount(stage string) (int, error) {
	from, to := p.nextWord()
	text := p.src[from:to]
	if p.end() || p.at('|') {
		return 0, fault(p.pos, p.pos, "write "+stage+" 10", "%s needs a number", stage)
	}
	p.bareWord()
	if name, ok := strings.CutPrefix(text, "$"); ok && (p.set != nil || p.collect) && isParameter(name) {
		var err error
		if text, err = p.valueOf(name, from); err != nil {
			return 0, err
		}
		p.hole = false
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > MaxLimit {
		return 0, fault(from, to, "", "%q is not a number from 1 to %d", text, MaxLimit)
	}
	return n, nil
}

// ref reads the name of a field or column.
func (p *parser) ref(s scope) (ref, error) {
	from, to := p.nextWord()
	if p.end() || p.at('|') || p.at(',') {
		return ref{}, fault(p.pos, p.pos, "", "the name of a field is missing")
	}
	name := p.bareWord()
	if s.events {
		f, err := findField(name, from, to)
		if err != nil {
			return ref{}, err
		}
		if f.kind == kindRaw {
			return ref{}, fault(from, to, "", "%s cannot be used behind a pipe", f.name)
		}
		return ref{f.name, f.kind, f}, nil
	}
	for _, c := range s.columns {
		if strings.EqualFold(c.name, name) {
			return ref{c.name, c.kind, nil}, nil
		}
	}
	return ref{}, fault(from, to, "there are "+namesOf(s.columns), "no column %q is left here", name)
}

func namesOf(refs []ref) string {
	out := make([]string, len(refs))
	for i, r := range refs {
		out[i] = r.name
	}
	return strings.Join(out, ", ")
}

// refs reads names separated by commas or spaces, each once.
func (p *parser) refs(s scope) ([]ref, error) {
	var out []ref
	for {
		from := p.pos
		r, err := p.ref(s)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(out, func(x ref) bool { return x.name == r.name }) {
			return nil, fault(from, from+len(r.name), "", "%s is named twice", r.name)
		}
		if out = append(out, r); len(out) > maxRefs {
			return nil, fault(from, from+len(r.name), "", "more than %d fields", maxRefs)
		}
		if p.space(); p.at(',') {
			p.pos++
			p.space()
		} else if p.end() || p.at('|') {
			return out, nil
		}
	}
}

// by reads an optional "by" with names; taken are the columns that the stage
// adds itself.
func (p *parser) by(s scope, taken ...string) ([]ref, error) {
	if p.space(); !p.peek("by") {
		return nil, nil
	}
	p.bareWord()
	p.space()
	from := p.pos
	out, err := p.refs(s)
	for _, r := range out {
		if slices.Contains(taken, r.name) {
			return nil, fault(from, p.pos, "", "a column %s is there already", r.name)
		}
	}
	return out, err
}

// span reads span=1h.
func (p *parser) span() (time.Duration, error) {
	from := p.pos
	p.bareWord()
	if !p.at('=') {
		return 0, fault(from, p.pos, "write span=1h", "span needs a value")
	}
	p.pos++
	at := p.pos
	text := p.bareWord()
	width, ok := instant.Width(text)
	if !ok {
		return 0, fault(at, p.pos, "write span=15m, 1h or 1d", "%q is not a width", text)
	}
	return width, nil
}
