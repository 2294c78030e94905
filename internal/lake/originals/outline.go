package originals

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/evident-sec/evident/internal/sealed"
)

// maxOutlined bounds, in row groups, the outlines kept: one takes some 8 KB.
const maxOutlined = 12_000

// outlines keeps the footers of originals files: reading one record would
// otherwise parse that of its whole file.
type outlines struct {
	mu     sync.Mutex
	byPath map[string]*outline
	order  []string // oldest first
	groups int
}

// get returns the outline of the file that is at path now.
func (o *outlines) get(path string, info os.FileInfo) *outline {
	o.mu.Lock()
	defer o.mu.Unlock()
	have := o.byPath[path]
	if have == nil || !os.SameFile(have.info, info) || have.info.Size() != info.Size() ||
		!have.info.ModTime().Equal(info.ModTime()) {
		return nil
	}
	return have
}

// put keeps an outline and drops old ones that are too many.
func (o *outlines) put(path string, line *outline) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.byPath == nil {
		o.byPath = map[string]*outline{}
	}
	if old := o.byPath[path]; old != nil {
		o.groups += len(line.groups) - len(old.groups)
		o.byPath[path] = line
		return
	}
	o.byPath[path] = line
	o.order = append(o.order, path)
	for o.groups += len(line.groups); o.groups > maxOutlined && len(o.order) > 1; o.order = o.order[1:] {
		o.groups -= len(o.byPath[o.order[0]].groups)
		delete(o.byPath, o.order[0])
	}
}

// outlineOf returns the outline of an originals file.
func (t *Reader) outlineOf(path string) (*outline, error) {
	info, err := os.Stat(path)
	if err != nil {
		first, last, _ := entriesIn(path)
		return nil, Damage(path, first, last, err)
	}
	if have := t.outlines.get(path, info); have != nil {
		return have, nil
	}
	r, err := t.openOutlined(path)
	if err != nil {
		return nil, err
	}
	defer r.close()
	line := &outline{info: info, meta: r.MetaData(), groups: make([]entrySpan, r.NumRowGroups())}
	for g := range line.groups {
		line.groups[g] = r.span(g)
	}
	t.outlines.put(path, line)
	return line, nil
}

// opened is an open originals file.
type opened struct {
	path        string
	first, last uint64
	os          *os.File
	*file.Reader
}

// openOutlined opens an originals file, with its footer where that is kept.
func (t *Reader) openOutlined(path string) (*opened, error) {
	first, last, ok := entriesIn(path)
	if !ok {
		return nil, Damage(path, 0, 0, fmt.Errorf("%s is no name of a lake file", filepath.Base(path)))
	}
	r := &opened{path: path, first: first, last: last}
	err := Guard(func() error {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		r.os = f
		info, err := f.Stat()
		if err != nil {
			return err
		}
		plain, err := t.Unseal(f)
		if err != nil {
			return err
		}
		props := parquet.NewReaderProperties(memory.DefaultAllocator)
		props.BufferedStreamEnabled = true // pages, not whole column chunks
		props.BufferSize = sealed.BlockBytes
		options := []file.ReadOption{file.WithReadProps(props)}
		if have := t.outlines.get(path, info); have != nil {
			options = append(options, file.WithMetadata(have.meta))
		}
		r.Reader, err = file.NewParquetReader(plain, options...)
		return err
	})
	if err != nil {
		r.close()
		return nil, Damage(path, first, last, err)
	}
	return r, nil
}

// close closes the file; nothing is lost when that fails.
func (r *opened) close() {
	if r.os != nil {
		_ = r.os.Close()
	}
}

// span returns the entries in row group g by its statistics, those of the file
// where it has none.
func (r *opened) span(g int) entrySpan {
	if first, last, ok := Entries(r.Reader, g); ok {
		return entrySpan{first, last}
	}
	return entrySpan{r.first, r.last}
}

// damaged names the row group in which err happened.
func (r *opened) damaged(g int, err error) error {
	s := r.span(g)
	return &DamageError{Path: r.path, Group: g, First: s.first, Last: s.last, Err: err}
}

// entriesIn returns the first and last entry that a file's name says.
func entriesIn(path string) (first, last uint64, ok bool) {
	_, err := fmt.Sscanf(filepath.Base(path), "%d-%d.", &first, &last)
	return first, last, err == nil
}
