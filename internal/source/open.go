package source

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"
)

// maxNesting bounds archives inside archives.
const maxNesting = 4

// meter counts the compressed bytes taken from the files named.
type meter struct {
	read  atomic.Int64
	total int64
}

// meteredReader also ends a long read with its context: content that is known
// already is read without ever asking the store.
type meteredReader struct {
	ctx context.Context // of the ingest that reads
	in  io.Reader
	m   *meter
}

func (r meteredReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.in.Read(p)
	r.m.read.Add(int64(n))
	return n, err
}

func totalSize(paths []string) int64 {
	var total int64
	for _, path := range paths {
		_ = filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				if info, err := d.Info(); err == nil {
					total += info.Size()
				}
			}
			return nil // an unreadable part is reported when it is read
		})
	}
	return total
}

// path reads a file or every regular file below a folder.
func (r *Reader) path(ctx context.Context, path string) error {
	return filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			r.problem(p, "", "cannot be read: %v", err)
			return nil
		}
		if d.IsDir() {
			return nil
		}
		name := p
		if rel, err := filepath.Rel(filepath.Dir(path), p); err == nil {
			name = filepath.ToSlash(rel)
		}
		return r.file(ctx, "file:"+name, p)
	})
}

func (r *Reader) file(ctx context.Context, name, path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() && info.Mode()&fs.ModeNamedPipe == 0 {
		r.problem(path, "", "is not a regular file; skipped")
		return nil
	}
	var f *os.File
	if err == nil {
		f, err = os.Open(path)
	}
	if err != nil {
		r.problem(path, "", "cannot be opened: %v", err)
		return nil
	}
	defer f.Close()
	return r.stream(ctx, name, meteredReader{ctx, f, &r.meter}, 0)
}

// stream looks at the first bytes and unpacks, descends or frames.
func (r *Reader) stream(ctx context.Context, name string, in io.Reader, depth int) error {
	buf := bufio.NewReaderSize(in, 1<<18)
	head, err := r.peek(buf)
	if len(head) == 0 {
		if stop(err) {
			return err
		}
		if err != nil && !errors.Is(err, io.EOF) {
			r.problem(name, "", "cannot be read: %v", err)
		}
		return nil // an empty file has no records
	}
	if depth > maxNesting {
		r.problem(name, "", "archives are nested more than %d deep; unpack it first", maxNesting)
		return nil
	}
	err = r.unpackOrFrame(ctx, name, buf, head, depth)
	if err != nil && !stop(err) {
		r.problem(name, "", "%s; what came before is kept", explain(err))
		return nil
	}
	return err
}

// peek returns the first bytes without consuming them. A live stream may never
// fill the window, so there the first arrival decides.
func (r *Reader) peek(in *bufio.Reader) ([]byte, error) {
	if r.cfg.MaxDelay > 0 {
		if _, err := in.Peek(1); err != nil {
			return nil, err
		}
		return in.Peek(min(in.Buffered(), sniffBytes))
	}
	return in.Peek(sniffBytes)
}

func (r *Reader) unpackOrFrame(
	ctx context.Context, name string, in *bufio.Reader, head []byte, depth int,
) error {
	switch {
	case r.plain:
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		z, err := gzip.NewReader(in)
		if err != nil {
			return err
		}
		return r.stream(ctx, name, z, depth+1)
	case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
		z, err := zstd.NewReader(in, zstd.WithDecoderMaxMemory(256<<20), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return err
		}
		defer z.Close()
		return r.stream(ctx, name, z, depth+1)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return r.zip(ctx, name, in, depth)
	case len(head) > 262 && string(head[257:262]) == "ustar":
		return r.tar(ctx, name, in, depth)
	}
	return r.frame(ctx, name, in, head)
}

// zip spools to a temporary file, because a zip's directory is at its end.
func (r *Reader) zip(ctx context.Context, name string, in io.Reader, depth int) error {
	spool, err := os.CreateTemp("", "evident-zip-*")
	if err != nil {
		return &appendError{fmt.Errorf("create temporary file: %w", err)}
	}
	defer os.Remove(spool.Name())
	defer spool.Close()
	size, err := io.Copy(ourFile{spool}, in)
	if err != nil {
		return err
	}
	archive, err := zip.NewReader(spool, size)
	if err != nil {
		whole := io.NewSectionReader(spool, 0, size)
		return r.salvage(ctx, name, whole, depth, fmt.Errorf("read zip directory: %w", err))
	}
	for _, member := range archive.File {
		if member.FileInfo().IsDir() {
			continue
		}
		if err := r.member(ctx, name+"!"+member.Name, member, depth); err != nil {
			return err
		}
	}
	return nil
}

// ourFile marks a failed write as ours: a full disk is no fault of the input.
type ourFile struct{ *os.File }

func (f ourFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	if err != nil {
		err = &appendError{fmt.Errorf("unpack to temporary file: %w", err)}
	}
	return n, err
}

// ReadFrom hides the file's own, whose errors would not be marked.
func (f ourFile) ReadFrom(in io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{f}, in)
}

func (r *Reader) member(ctx context.Context, name string, member *zip.File, depth int) error {
	if member.Flags&1 != 0 {
		r.problem(name, "", "is encrypted; unpack it with its password first")
		return nil
	}
	in, err := member.Open()
	if err != nil {
		r.problem(name, "", "cannot be unpacked: %v", err)
		return nil
	}
	defer in.Close()
	return r.stream(ctx, name, in, depth+1)
}

func (r *Reader) tar(ctx context.Context, name string, in io.Reader, depth int) error {
	archive := tar.NewReader(in)
	for before := r.skipped(); ; {
		header, err := archive.Next()
		cut := errors.Is(err, io.ErrUnexpectedEOF) && r.skipped() > before // a member said so
		if errors.Is(err, io.EOF) || cut {
			return nil
		}
		before = r.skipped()
		if err != nil {
			return fmt.Errorf("read tar: %w", err)
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		if err := r.stream(ctx, name+"!"+header.Name, archive, depth+1); err != nil {
			return err
		}
	}
}

func explain(err error) string {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "ends early (truncated); fetch it again whole"
	case errors.Is(err, zip.ErrFormat):
		return "is not a whole zip archive (truncated?); fetch it again"
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, zip.ErrChecksum):
		return "is damaged (checksum does not match); fetch it again"
	}
	return "cannot be read on: " + err.Error()
}
