package normalize

import "github.com/evident-sec/evident/event"

// Scanner decodes one record after the other into memory that it uses again,
// for callers that look at each event once and keep few. Not safe for
// concurrent use.
type Scanner struct {
	n       *Normalizer
	run     *run
	lexicon lexicon
	entry   *event.Entry
	next    int
	ev      event.Event
	native  func(*run, *event.Event)
	finish  func(*run, *event.Event)
}

// Scanner returns a new Scanner.
func (n *Normalizer) Scanner() *Scanner {
	s := &Scanner{n: n, run: newRun(&memory{}), native: n.native}
	s.finish = func(r *run, ev *event.Event) { n.complete(r, ev, n.sourceOf(r, ev)) }
	return s
}

// Open takes the entry whose records come next.
func (s *Scanner) Open(e *event.Entry) {
	same := s.entry != nil && s.entry.Format == e.Format && s.entry.Schema == e.Schema
	if s.entry = e; !same {
		s.run.rd = s.n.decoder.reader(s.run.mem, e.Format, e.Schema).following(&s.lexicon)
	}
	s.next = 0
}

// Next decodes the next record as Normalizer.Native does. The event and all its
// texts are valid until the next call; nil at the end of the entry.
func (s *Scanner) Next() *event.Event {
	if s.entry == nil || s.next >= len(s.entry.Records) {
		return nil
	}
	s.run.mem.forget()
	clear(s.run.hosts)
	s.ev = newEvent(s.entry, s.next)
	s.next++
	s.n.guard(s.run, &s.ev, s.native)
	return &s.ev
}

// Complete maps the event that Next gave last: it is then as Normalizer.Entry
// gives it.
func (s *Scanner) Complete() {
	if s.ev.Problem == "" {
		s.n.guard(s.run, &s.ev, s.finish)
	}
}

// Seek makes Next go on with a record of the entry, counted from 0.
func (s *Scanner) Seek(record int) { s.next = record }
