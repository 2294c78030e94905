package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/evident-sec/evident/internal/cloudtrail/trailtest"
)

// makeTrail writes the folder that CloudTrail would have written, gzipped, with
// the newest digest's signature beside it and the keys: mktrail DIR KEYS.json.
func makeTrail(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mktrail DIR KEYS.json")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	tr, err := trailtest.New(3, 2)
	ts.Check(err)
	put := func(name string, body []byte) {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, err := z.Write(body)
		ts.Check(err)
		ts.Check(z.Close())
		ts.Check(os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o600))
	}
	for i, d := range tr.Digests {
		put(tr.Names[i], d)
	}
	for name, body := range tr.Logs {
		put(name, body)
	}
	last := len(tr.Names) - 1
	ts.Check(os.WriteFile(filepath.Join(dir, tr.Names[last]+".signature"), []byte(tr.Signatures[last]), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), tr.Keys, 0o600))
}
