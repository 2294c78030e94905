package sourceseal

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/evident-sec/evident/internal/cloudtrail"
)

// CheckTrail checks the log files of CloudTrail below the paths by the digest
// files beside them. The report is nil where there is no digest.
func CheckTrail(ctx context.Context, keys cloudtrail.Keys, paths []string) (*cloudtrail.Report, error) {
	c := &cloudtrail.Checker{Keys: keys}
	for _, p := range paths {
		err := filepath.WalkDir(p, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || ctx.Err() != nil {
				return errors.Join(err, ctx.Err())
			}
			return addTrailFile(c, path)
		})
		if err != nil {
			return nil, fmt.Errorf("check CloudTrail digests: %w", err)
		}
	}
	if c.Empty() {
		return nil, nil
	}
	r := c.Check()
	return &r, nil
}

func addTrailFile(c *cloudtrail.Checker, path string) error {
	name := filepath.ToSlash(path)
	switch digest, found := strings.CutSuffix(name, ".signature"); {
	case found && cloudtrail.IsDigest(digest):
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		c.AddSignature(digest, string(text))
	case cloudtrail.IsDigest(name):
		var body bytes.Buffer
		if err := unzipped(path, &body, cloudtrail.MaxDigestBytes+1); err != nil {
			return err
		}
		c.AddDigest(name, body.Bytes())
	case cloudtrail.IsLog(name):
		sum := sha256.New()
		if err := unzipped(path, sum, 1<<40); err != nil {
			return err
		}
		c.AddLog(name, [sha256.Size]byte(sum.Sum(nil)))
	}
	return nil
}

// unzipped copies a file's content, unpacked where it is gzip, up to a limit.
func unzipped(path string, to io.Writer, limit int64) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var in io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			return fmt.Errorf("unpack %s: %w", path, err)
		}
	}
	if _, err := io.Copy(to, io.LimitReader(in, limit)); err != nil {
		return fmt.Errorf("unpack %s: %w", path, err)
	}
	return nil
}

// Trail is the verdict over the files of one ingest.
func Trail(r *cloudtrail.Report, paths []string) *Seal {
	s := &Seal{
		Source: strings.Join(paths, " "), Kind: "cloudtrail", Records: len(r.Logs),
		Missing: r.Missing[:min(len(r.Missing), maxList)], Repeated: []string{}, Problems: TrailProblems(r),
	}
	if s.Missing == nil {
		s.Missing = []string{}
	}
	s.Problems = s.Problems[:min(len(s.Problems), maxList)]
	return s
}

// TrailProblems lists, in words, what is not as CloudTrail delivered it, and what
// nothing here can prove.
func TrailProblems(r *cloudtrail.Report) []string {
	out := append([]string{}, r.Problems...)
	unproven := 0
	for _, v := range r.Logs {
		switch {
		case v.Problem != "":
			out = append(out, v.Name+": "+v.Problem)
		case !v.Proven:
			unproven++
		}
	}
	for _, m := range r.Missing {
		out = append(out, m+": a digest lists it, it is not here")
	}
	if unproven > 0 {
		out = append(out, fmt.Sprintf("%d log files match a digest whose signature is not here", unproven))
	}
	return out
}
