// Package harbor embeds the register and the proposals of Harbor Agency, a
// fictional authority, so that the demo serves them without the repository.
package harbor

import (
	"embed"
	"io/fs"
)

//go:embed register proposals
var files embed.FS

// Register is the folder of the register.
func Register() (fs.FS, error) { return fs.Sub(files, "register") }

// Proposals is the folder that holds a folder for each proposal.
func Proposals() (fs.FS, error) { return fs.Sub(files, "proposals") }
