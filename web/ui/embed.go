// Package ui embeds the built page. The build is not committed: dist holds
// only a keep file until "make ui" has run, and the server then says so.
package ui

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Dist returns the built files and whether there is a build at all.
func Dist() (files fs.FS, built bool) {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, false
	}
	_, err = fs.Stat(sub, "index.html")
	return sub, err == nil
}
