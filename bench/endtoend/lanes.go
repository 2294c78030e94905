package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
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
func simulated(bin, dir, path string) error {
	for scale := 2; ; scale *= 2 {
		cmd := exec.Command(bin, "simulate", "--seed", "11", "--scale", strconv.Itoa(scale), "--out", dir)
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			return err
		}
		n, err := collect(dir, path)
		if err != nil || n >= events {
			return err
		}
		if scale > 64 {
			return fmt.Errorf("simulation gave only %d events", n)
		}
	}
}

// collect joins NDJSON files in name order and stops at the wanted count.
func collect(dir, path string) (int, error) {
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
		n, err = copyLines(w, in, n)
		return err
	})
	if err != nil {
		return n, err
	}
	return n, w.Flush()
}

func copyLines(w io.Writer, in io.Reader, n int) (int, error) {
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
func repeated(sample, path string) error {
	packed, err := os.ReadFile(sample)
	if err != nil {
		return err
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer out.Close()
	for n := 0; n < events; {
		z, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			return err
		}
		if n, err = copyLines(out, z, n); err != nil {
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

// ingest measures the lane and returns a loaded data folder.
func (l lane) ingest(bin, work string, runs int) (string, error) {
	input := filepath.Join(work, "input.ndjson")
	if err := l.make(input); err != nil {
		return "", err
	}
	info, err := os.Stat(input)
	if err != nil {
		return "", err
	}
	var all []figures
	var dir string
	for i := range runs {
		if dir != "" {
			os.RemoveAll(dir)
		}
		dir = filepath.Join(work, fmt.Sprintf("data-%d-%d", os.Getpid(), time.Now().UnixNano()))
		f, err := l.once(bin, dir, input)
		if err != nil {
			return "", fmt.Errorf("run %d: %w", i+1, err)
		}
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b figures) int { return int(a.wall - b.wall) })
	m := all[len(all)/2]
	fmt.Printf("| %s | %.0f | %.0f | %d | %d | %d MB |\n", l.name, events/m.wall.Seconds(),
		events/m.cpu.Seconds(), m.stored/events, info.Size()/events, m.memory>>20)
	return dir, nil
}

func (l lane) once(bin, dir, input string) (figures, error) {
	args := []string{"ingest", "--json", "--data", dir}
	if l.rules != "" {
		args = append(args, "--rules", l.rules)
	}
	cmd := exec.Command(bin, append(args, input)...)
	cmd.Stderr = os.Stderr
	began := time.Now()
	out, err := cmd.Output()
	wall := time.Since(began)
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
