package main

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// lane is one kind of input.
type lane struct {
	name    string
	format  string // as evident names it
	source  string // rsigma's log source for all events; "" where events say it
	windows bool
	open    func() (io.ReadCloser, error)      // recorded
	make    func(rng *rand.Rand, n int) []byte // generated: event n, with its line end

	path  string // of its events, once written
	count int
	long  string // of the same events several times over
	times int
}

// generated is how many events the lanes have that are not recorded.
const generated = 40_000

func lanes(samples string) []*lane {
	recorded := func(name string) func() (io.ReadCloser, error) {
		return func() (io.ReadCloser, error) { return os.Open(filepath.Join(samples, name)) }
	}
	return []*lane{
		{
			name: "raw Windows", format: "json", source: "product=windows", windows: true,
			open: recorded("winmix-20k.ndjson.gz"),
		},
		{
			name: "process creation", format: "json", source: "product=windows,category=process_creation",
			windows: true, open: recorded("proccreate.ndjson.gz"),
		},
		{name: "structured", format: "json", make: structured},
		{name: "network text", format: "syslog", source: "product=cisco,service=aaa", make: networkText},
	}
}

// rsigmaFormat is the format as rsigma names it.
func (l *lane) rsigmaFormat() string { return l.format }

// prepare writes the lane's events, and the longer file for programs whose time
// for loading rules must be taken off: it would drown a short one.
func (l *lane) prepare(work string) (err error) {
	l.path, l.long = filepath.Join(work, "events"), filepath.Join(work, "events-long")
	if l.count, err = l.write(l.path); err != nil {
		return err
	}
	l.times = max(1, (generated+l.count-1)/l.count)
	f, err := os.Create(l.long)
	if err != nil {
		return err
	}
	for range l.times {
		if err := appendFile(f, l.path); err != nil {
			return err
		}
	}
	return f.Close()
}

func appendFile(w io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}

// write writes the lane's events, one a line.
func (l *lane) write(path string) (count int, err error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	w := bufio.NewWriter(f)
	if l.make != nil {
		rng := rand.New(rand.NewPCG(20261122, 7))
		for n := range generated {
			if _, err := w.Write(l.make(rng, n)); err != nil {
				return 0, err
			}
		}
		count = generated
	} else if count, err = l.unpack(w); err != nil {
		return 0, err
	}
	if err := w.Flush(); err != nil {
		return 0, err
	}
	return count, f.Close()
}

// unpack copies the recorded events.
func (l *lane) unpack(w io.Writer) (count int, err error) {
	f, err := l.open()
	if err != nil {
		return 0, fmt.Errorf("open sample: %w", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return 0, fmt.Errorf("unpack sample: %w", err)
	}
	lines := bufio.NewReader(z)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			count++
			if _, err := w.Write(line); err != nil {
				return count, err
			}
		}
		if err == io.EOF {
			return count, nil
		}
		if err != nil {
			return count, fmt.Errorf("unpack sample: %w", err)
		}
	}
}
