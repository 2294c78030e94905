package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evident-sec/evident/internal/detect"
	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/state"
)

// killRules count, collect, order and chain the events of writeLogons.
const killRules = `
title: Failed logon
id: 5f0c2a54-9e0b-4b7c-8f55-0d6c3f6d0001
name: failed
logsource: {product: windows, service: security}
detection: {sel: {EventID: 4625}, condition: sel}
level: low
---
title: Logon
id: 5f0c2a54-9e0b-4b7c-8f55-0d6c3f6d0002
name: logon
logsource: {product: windows, service: security}
detection: {sel: {EventID: 4624}, condition: sel}
level: low
---
title: Many failed logons
id: 5f0c2a54-9e0b-4b7c-8f55-0d6c3f6d0003
name: many
correlation: {type: event_count, rules: [failed], group-by: [TargetUserName], timespan: 30s, condition: {gte: 4}}
generate: true
---
title: Many accounts from one address
id: 5f0c2a54-9e0b-4b7c-8f55-0d6c3f6d0004
correlation:
  type: value_count
  rules: [failed, logon]
  group-by: [IpAddress]
  timespan: 20s
  condition: {field: TargetUserName, gte: 35}
---
title: Many bytes
id: 5f0c2a54-9e0b-4b7c-8f55-0d6c3f6d0005
correlation:
  type: value_sum
  rules: [logon]
  group-by: [TargetUserName]
  timespan: 1m
  condition: {field: Bytes, gt: 30000}
---
title: Password guessed
id: 5f0c2a54-9e0b-4b7c-8f55-0d6c3f6d0006
correlation: {type: temporal_ordered, rules: [many, logon], group-by: [TargetUserName], timespan: 1m}
generate: true
level: high
`

// writeLogons writes logons of 200 people from 16 addresses, ten a second, some
// of them late in the file.
func writeLogons(t *testing.T, path string, n int, random *rand.Rand) {
	t.Helper()
	at := time.Date(2026, 11, 18, 2, 0, 0, 0, time.UTC)
	writeLines(t, path, n, func(i int) string {
		id, late := 4624, time.Duration(0)
		if random.IntN(3) == 0 {
			id = 4625
		}
		if random.IntN(10) == 0 {
			late = time.Duration(random.IntN(20_000)) * time.Millisecond
		}
		return fmt.Sprintf(`{"Channel":"Security","EventID":%d,"Hostname":"dc-1","@timestamp":"%s","RecordNumber":%d,`+
			`"TargetUserName":"u%d","IpAddress":"10.0.0.%d","Bytes":%d,"Pad":"%s"}`, id,
			at.Add(time.Duration(i)*100*time.Millisecond-late).Format("2006-01-02T15:04:05.000Z"), i+1,
			random.IntN(200), random.IntN(16), random.IntN(20_000), strings.Repeat("x", 200+i%100))
	})
}

// TestKillCorrelations kills ingests at random moments, in as many data folders
// as that takes: the correlations find what they find in an ingest that nobody
// kills, nothing is lost and nothing is there twice. EVIDENT_KILLS sets more
// than ten.
func TestKillCorrelations(t *testing.T) {
	const events = 60_000
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	input, rules := filepath.Join(dir, "events.ndjson"), filepath.Join(dir, "rules.yml")
	writeLogons(t, input, events, random)
	if err := os.WriteFile(rules, []byte(killRules), 0o600); err != nil {
		t.Fatal(err)
	}
	args := func(data string) []string {
		return []string{"ingest", "--data", data, "--rules", rules, "--seal-at", "5000", input}
	}
	whole := filepath.Join(dir, "whole")
	if o := evident(t, nil, args(whole)...); o.code != 0 {
		t.Fatalf("ingest: %s", o.stderr)
	}
	want := correlated(t, whole)
	if len(want) < 500 {
		t.Fatalf("only %d findings: the test shows nothing", len(want))
	}
	killed, amid, folders, kills := 0, 0, 0, killsOr(10)
	for ; killed < kills; folders++ {
		data := filepath.Join(dir, fmt.Sprint("data", folders))
		before := killed
		for had := int64(0); had < events && killed < kills; {
			if killAmid(t, random, data, had, args(data)...) {
				killed++
			}
			now := records(t, data)
			if had < now && now < events {
				amid++
			}
			had = now
		}
		if o := evident(t, nil, args(data)...); o.code != 0 {
			t.Fatalf("last ingest: %s", o.stderr)
		}
		if diff := cmp.Diff(want, correlated(t, data)); diff != "" {
			t.Fatalf("after %d kills, - want + got:\n%s", killed-before, diff)
		}
		if err := os.RemoveAll(data); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d kills in %d folders, %d of them after some but not all records; %d findings of correlations in each",
		killed, folders, amid, len(want))
}

// killAmid runs an ingest and kills it, four times out of five a random time
// after it has written findings and windows, else at any time. It reports whether
// the ingest was still running.
func killAmid(t *testing.T, random *rand.Rand, data string, had int64, args ...string) bool {
	t.Helper()
	if random.IntN(5) == 0 {
		return killOnce(t, random, args...)
	}
	cmd := evidentCommand(t, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	var kill <-chan time.Time
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Fatalf("ingest: %v\n%s", err, out.Bytes())
			}
			return false
		case <-look.C:
			if kill == nil && records(t, data) > had {
				kill = time.After(time.Duration(random.IntN(300)) * time.Millisecond)
			}
		case <-kill:
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			<-done
			return true
		}
	}
}

// correlated lists what correlations found, with how often it is there.
func correlated(t *testing.T, data string) map[string]int {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n, err := node.Open(ctx, node.Config{Dir: data, Command: "test", Reader: true, NoSearch: true})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	list, _, err := n.State().Findings(ctx, state.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	for _, row := range list {
		var f detect.Finding
		if err := json.Unmarshal(row.Body, &f); err != nil {
			t.Fatal(err)
		}
		if w := f.Evident.Correlation; w != nil {
			out[fmt.Sprintf("%s %s %v %v %d events from %s to %s, last record %d", f.Info.Title, w.Type, w.Group, w.Value,
				f.Info.Related, f.Info.FirstSeen, f.Info.LastSeen, f.Evidences[len(f.Evidences)-1].Data.Record)]++
		}
	}
	return out
}
