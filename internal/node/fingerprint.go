package node

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// fingerprint tells whether files are as they were without reading them: a
// digest over the name, size, times of change and inode of each. The time of an
// inode's change (ctime) cannot be set back, as that of the content can.
type fingerprint string

// fingerprintOf looks at every rule file at the paths, and at the licences
// beside them. A path that is not there is part of the fingerprint too.
func fingerprintOf(paths []string) fingerprint {
	sum := sha256.New()
	for _, p := range paths {
		fmt.Fprintf(sum, "path %q\n", p)
		info, err := os.Stat(p)
		switch {
		case err != nil:
			fmt.Fprintln(sum, "gone")
		case info.IsDir():
			addFolder(sum, p)
		default:
			addFile(sum, p)
		}
	}
	return fingerprint(hex.EncodeToString(sum.Sum(nil)))
}

// addFolder walks as the loader does: links to files count, links to folders
// do not.
func addFolder(sum hash.Hash, dir string) {
	_ = fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		full := filepath.Join(dir, filepath.FromSlash(name))
		switch {
		case err != nil:
			fmt.Fprintf(sum, "unreadable %q\n", full)
		case !d.IsDir() && isRuleFile(name):
			addFile(sum, full)
		}
		return nil
	})
}

func isRuleFile(name string) bool {
	ext := strings.ToLower(filepath.Ext(name))
	base := strings.ToUpper(filepath.Base(name))
	return slices.Contains([]string{".yml", ".yaml"}, ext) || strings.HasPrefix(base, "LICENSE")
}

func addFile(sum hash.Hash, path string) {
	info, err := os.Stat(path)
	if err != nil {
		fmt.Fprintf(sum, "gone %q\n", path)
		return
	}
	fmt.Fprintf(sum, "%q %d %d", path, info.Size(), info.ModTime().UnixNano())
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		fmt.Fprintf(sum, " %d %d.%d", s.Ino, s.Ctim.Sec, s.Ctim.Nsec)
	}
	fmt.Fprintln(sum)
}
