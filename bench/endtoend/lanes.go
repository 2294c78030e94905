package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// simulated writes the Windows logs of a simulated organisation, cut to size.
func (o options) simulated(dir, path string) error {
	for scale := 2; ; scale *= 2 {
		cmd := exec.Command(o.bin, "simulate", "--seed", "11", "--scale", strconv.Itoa(scale), "--out", dir)
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			return err
		}
		n, err := collect(dir, path, o.events)
		if err != nil || n >= o.events {
			return err
		}
		if scale > 512 {
			return fmt.Errorf("simulation gave only %d events", n)
		}
	}
}

// collect joins NDJSON files in name order and stops at the wanted count.
func collect(dir, path string, events int) (int, error) {
	out, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer out.Close()
	w := bufio.NewWriterSize(out, 1<<20)
	n := 0
	err = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(p) != ".ndjson" || n >= events {
			return err
		}
		in, err := os.Open(p)
		if err != nil {
			return err
		}
		defer in.Close()
		n, err = copyLines(w, in, n, events)
		return err
	})
	if err != nil {
		return n, err
	}
	return n, w.Flush()
}

func copyLines(w io.Writer, in io.Reader, n, events int) (int, error) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 16<<20)
	for n < events && lines.Scan() {
		if _, err := w.Write(append(lines.Bytes(), '\n')); err != nil {
			return n, err
		}
		n++
	}
	return n, lines.Err()
}

// repeated writes the sample over and over; positions differ, content repeats,
// so compression looks better than it is.
func (o options) repeated(sample, path string) error {
	packed, err := os.ReadFile(sample)
	if err != nil {
		return err
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer out.Close()
	for n := 0; n < o.events; {
		z, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			return err
		}
		if n, err = copyLines(out, z, n, o.events); err != nil {
			return err
		}
	}
	return nil
}

// figures are the result of one ingest.
type figures struct {
	wall, cpu time.Duration
	memory    int64
	stored    int64
}

// ingest measures the lane and returns a loaded data folder. With another build
// to compare with, the two take turns and share the machine's other work.
func (l lane) ingest(o options, work string) (string, error) {
	input := filepath.Join(work, "input.ndjson")
	if err := l.make(input); err != nil {
		return "", err
	}
	info, err := os.Stat(input)
	if err != nil {
		return "", err
	}
	bins := []string{o.bin}
	if o.against != "" {
		bins = []string{o.against, o.bin}
	}
	all := make([][]figures, len(bins))
	var dir string
	for i := range o.runs {
		for b, bin := range bins {
			if dir != "" {
				os.RemoveAll(dir)
			}
			dir = filepath.Join(work, fmt.Sprintf("data-%d-%d", os.Getpid(), time.Now().UnixNano()))
			f, err := l.once(bin, dir, input, o.events)
			if err != nil {
				return "", fmt.Errorf("run %d: %w", i+1, err)
			}
			all[b] = append(all[b], f)
		}
	}
	for b := range bins {
		name := l.name
		if b < len(bins)-1 {
			name += " (the other build)"
		}
		report(name, all[b], float64(o.events), info.Size())
	}
	return dir, nil
}

// report prints the run whose time is the median, with the median of processor
// times.
func report(name string, all []figures, events float64, size int64) {
	slices.SortFunc(all, func(a, b figures) int { return int(a.cpu - b.cpu) })
	cpu := all[len(all)/2].cpu
	slices.SortFunc(all, func(a, b figures) int { return int(a.wall - b.wall) })
	m := all[len(all)/2]
	fmt.Printf("| %s | %.0f | %.0f | %.0f | %.0f | %d MB |\n", name, events/m.wall.Seconds(),
		events/cpu.Seconds(), float64(m.stored)/events, float64(size)/events, m.memory>>20)
}

func (l lane) once(bin, dir, input string, events int) (figures, error) {
	args := slices.Concat([]string{"ingest", "--json", "--data", dir}, l.args, []string{input})
	cmd := exec.Command(bin, args...)
	began := time.Now()
	out, err := cmd.Output()
	wall := time.Since(began)
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		return figures{}, fmt.Errorf("%w: %s", err, failed.Stderr)
	}
	if err != nil {
		return figures{}, err
	}
	var report struct{ Records int }
	if err := json.Unmarshal(out, &report); err != nil || report.Records != events {
		return figures{}, fmt.Errorf("ingested %d records, want %d: %w", report.Records, events, err)
	}
	f := figures{wall: wall, cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if use, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		f.memory = use.Maxrss * 1024
	}
	f.stored, err = folderSize(dir)
	return f, err
}

func folderSize(dir string) (total int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	return total, err
}
