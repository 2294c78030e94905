package lake

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
func (t *Table) outlineOf(path string) (*outline, error) {
	info, err := os.Stat(path)
	if err != nil {
		first, last, _ := entriesIn(path)
		return nil, damage(path, first, last, err)
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
		line.groups[g].first, line.groups[g].last = r.groupRange(g)
	}
	t.outlines.put(path, line)
	return line, nil
}

// openOutlined opens an originals file, with its footer where that is kept.
func (t *Table) openOutlined(path string) (*fileReader, error) {
	first, last, ok := entriesIn(path)
	if !ok {
		return nil, damage(path, 0, 0, fmt.Errorf("%s is no name of a lake file", filepath.Base(path)))
	}
	props := parquet.NewReaderProperties(memory.DefaultAllocator)
	props.BufferedStreamEnabled = true // pages, not whole column chunks
	props.BufferSize = sealed.BlockBytes
	options := []file.ReadOption{file.WithReadProps(props)}
	return openThrough(path, first, last, func(f *os.File) (parquet.ReaderAtSeeker, []file.ReadOption, error) {
		info, err := f.Stat()
		if err != nil {
			return nil, nil, err
		}
		if have := t.outlines.get(path, info); have != nil {
			options = append(options, file.WithMetadata(have.meta))
		}
		plain, _, err := t.unseal(f)
		return plain, options, err
	})
}

// entriesIn returns the first and last entry that a file's name says.
func entriesIn(path string) (first, last uint64, ok bool) {
	_, err := fmt.Sscanf(filepath.Base(path), "%d-%d.", &first, &last)
	return first, last, err == nil
}
