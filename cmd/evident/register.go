package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/evident-sec/evident/examples/harbor"
	"github.com/evident-sec/evident/internal/posture"
	"github.com/evident-sec/evident/web/api"
)

// registerFlags say which register the pages Exposure and Reviews show.
type registerFlags struct {
	Register       string `placeholder:"DIR" type:"path" help:"Register for the pages Exposure and Reviews."`
	Proposals      string `placeholder:"DIR" type:"path" help:"Folder that holds a folder for each proposal; default is proposals beside the register."`
	ExposureDetail bool   `help:"Give the holder of the link the role exposure-detail: paths with their moves and register lines."`
}

// open reads the register; nil where none is named. The demo has its own, whose
// organisation is fictional.
func (f *registerFlags) open(demo bool) (*posture.Keeper, error) {
	var cfg posture.Config
	var err error
	switch {
	case f.Register != "":
		cfg.Register = os.DirFS(f.Register)
		cfg.Proposals, err = f.proposals()
	case demo:
		f.ExposureDetail = true
		if cfg.Register, err = harbor.Register(); err == nil {
			cfg.Proposals, err = harbor.Proposals()
		}
	case f.Proposals != "" || f.ExposureDetail:
		return nil, fmt.Errorf("open register: --proposals and --exposure-detail need --register DIR")
	default:
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open register: %w", err)
	}
	return posture.Open(cfg)
}

// proposals is the folder named, or the one beside the register where there is
// one.
func (f *registerFlags) proposals() (fs.FS, error) {
	dir := f.Proposals
	if dir == "" {
		dir = filepath.Join(filepath.Dir(filepath.Clean(f.Register)), "proposals")
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return nil, nil
		}
	}
	if _, err := os.ReadDir(dir); err != nil {
		return nil, fmt.Errorf("read proposals: %w", err)
	}
	return os.DirFS(dir), nil
}

// grants are the roles that the holder of the link has besides.
func (f *registerFlags) grants() []string {
	if f.ExposureDetail {
		return []string{api.ExposureDetail}
	}
	return nil
}
