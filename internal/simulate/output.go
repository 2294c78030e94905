package simulate

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"time"
)

// stream is a series of records that go to one file or to one file a day.
type stream struct {
	name   string // file name; of a daily stream the part before the date
	suffix string // of a daily stream the part after the date, else ""
	header func(start time.Time) string
	footer func(end time.Time) string

	day  int
	file *output
}

type output struct {
	name    string
	w       *bufio.Writer
	c       io.Closer
	records int
	footer  string
}

// record is an encoded record that waits for its turn. Its number (Windows
// record number, audit serial) is only known then and is put into the holes.
type record struct {
	to     *stream
	line   []byte
	holes  []int         // offsets in line, ascending
	number *int64        // last number given, nil without holes
	time   time.Duration // of the event, where it differs from the order of writing
	host   string        // as in the record, for the answer key
	traces [2]*Trace     // parts of the answer key the record belongs to
}

// outputs holds records back until the simulated time has passed them and then
// writes them in order, so that an action may emit records of its near future.
type outputs struct {
	create  func(string) (io.WriteCloser, error)
	start   time.Time
	end     time.Duration
	pending queue[record]
	streams []*stream
	free    [][]byte
	scratch []byte
	written int
	err     error
}

func (o *outputs) stream(name, suffix string) *stream {
	s := &stream{name: name, suffix: suffix, day: -1}
	o.streams = append(o.streams, s)
	return s
}

// buffer returns an empty buffer for a record's line.
func (o *outputs) buffer() []byte {
	if n := len(o.free); n > 0 {
		b := o.free[n-1]
		o.free = o.free[:n-1]
		return b[:0]
	}
	return make([]byte, 0, 2048)
}

// add queues a record for writing at the given time. Records of the time after
// the simulated days are dropped.
func (o *outputs) add(at time.Duration, r record) {
	if at < 0 || at >= o.end {
		o.free = append(o.free, r.line)
		return
	}
	if r.time == 0 {
		r.time = at
	}
	o.pending.push(at, r)
}

// flush writes all records before until.
func (o *outputs) flush(until time.Duration) error {
	for len(o.pending.items) > 0 && o.pending.items[0].at < until && o.err == nil {
		at, r := o.pending.pop()
		o.err = o.write(at, &r)
		o.free = append(o.free, r.line)
	}
	return o.err
}

func (o *outputs) write(at time.Duration, r *record) error {
	f, err := o.file(r.to, at)
	if err != nil {
		return err
	}
	line := r.line
	if r.number != nil {
		*r.number++
		line = o.fill(r)
	}
	f.records++
	o.written++
	for _, t := range r.traces {
		if t != nil {
			t.add(EventRef{f.name, f.records, r.host, o.start.Add(r.time)})
		}
	}
	if _, err := f.w.Write(line); err != nil {
		return fmt.Errorf("write %s: %w", f.name, err)
	}
	return nil
}

// fill returns the line with the record's number in every hole.
func (o *outputs) fill(r *record) []byte {
	var digits [20]byte
	number := strconv.AppendInt(digits[:0], *r.number, 10)
	out, from := o.scratch[:0], 0
	for _, hole := range r.holes {
		out = append(append(out, r.line[from:hole]...), number...)
		from = hole
	}
	o.scratch = append(out, r.line[from:]...)
	return o.scratch
}

func (o *outputs) file(s *stream, at time.Duration) (*output, error) {
	day := int(at / (24 * time.Hour))
	if s.file != nil && (s.suffix == "" || s.day == day) {
		return s.file, nil
	}
	if err := s.file.close(); err != nil {
		return nil, err
	}
	name := s.name
	if s.suffix != "" {
		name += o.start.AddDate(0, 0, day).Format(time.DateOnly) + s.suffix
	}
	c, err := o.create(name)
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", name, err)
	}
	s.day = day
	s.file = &output{name: name, w: bufio.NewWriterSize(c, 1<<16), c: c}
	if s.header != nil {
		_, err = s.file.w.WriteString(s.header(o.start))
		s.file.footer = s.footer(o.start.Add(o.end))
	}
	return s.file, err
}

func (f *output) close() error {
	if f == nil {
		return nil
	}
	_, err := f.w.WriteString(f.footer)
	if flushErr := f.w.Flush(); err == nil {
		err = flushErr
	}
	if closeErr := f.c.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("close %s: %w", f.name, err)
	}
	return nil
}

func (o *outputs) close() error {
	var first error
	for _, s := range o.streams {
		if err := s.file.close(); err != nil && first == nil {
			first = err
		}
		s.file = nil
	}
	return first
}
