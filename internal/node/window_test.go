package node_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/evident-sec/evident/internal/node"
)

// TestExposureWindow measures, on a running node, how long a record is acknowledged
// and under no checkpoint yet: the window of the tamper classes 1, 3 to 6 and 14
// (docs/tamper.md), and what a whole verification takes, which ends it for who looks.
// It asserts no time; go test -v prints them.
func TestExposureWindow(t *testing.T) {
	const records = 20
	n := open(t, node.Config{Dir: t.TempDir(), NoSearch: true})
	var windows []time.Duration
	for i := range records {
		if err := n.Record(t.Context(), node.Act{Operation: "window", Caller: "test", Detail: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
		acknowledged, want := time.Now(), uint64(i+1)
		for n.Sealed() < want {
			if time.Since(acknowledged) > time.Minute {
				t.Fatalf("entry %d is under no checkpoint after a minute", want)
			}
			time.Sleep(2 * time.Millisecond)
		}
		windows = append(windows, time.Since(acknowledged))
		time.Sleep(time.Duration(i*37%250) * time.Millisecond) // anywhere between two checkpoints
	}
	slices.Sort(windows)
	t.Logf("acknowledged and not under a checkpoint: median %v, 95%% %v, longest %v",
		windows[records/2].Round(time.Millisecond), windows[records*95/100].Round(time.Millisecond),
		windows[records-1].Round(time.Millisecond))
	result, err := n.Verify(t.Context(), nil)
	if err != nil || !result.OK {
		t.Fatalf("verify: %v, %+v", err, result)
	}
	t.Logf("a verification of %d entries took %d ms", result.Entries, result.TookMS)
}
