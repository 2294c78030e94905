package node_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evident-sec/evident/internal/node"
	"github.com/evident-sec/evident/internal/search"
	"github.com/evident-sec/evident/internal/state"
)

func openSearching(t *testing.T) *node.Node {
	t.Helper()
	n, err := node.Open(t.Context(), node.Config{Dir: t.TempDir(), Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

// TestMonstersDoNotStopReceiving asks for all memory there is while records
// arrive: every record is received, sealed in the journal and found afterwards.
func TestMonstersDoNotStopReceiving(t *testing.T) {
	n := openSearching(t)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	asked := make(chan error, 1000)
	for _, monster := range []string{
		"SELECT list(x) FROM range(900000000) r(x)",
		"SELECT count(*) FROM range(90000000) a(x), range(90000000) b(x) WHERE a.x % 7 = b.x % 11",
	} {
		wg.Go(func() {
			for ctx.Err() == nil {
				limited, stop := context.WithTimeoutCause(ctx, 2*time.Second, search.ErrTime)
				_, err := n.SQL(limited, "u", search.SQLRequest{Text: monster})
				stop()
				select {
				case asked <- err:
				default:
				}
			}
		})
	}
	const batches, each = 8, 600
	for i := range batches {
		if got, _ := ingest(t, n, logons(fmt.Sprintf("h%d", i), each)); got != each {
			t.Errorf("%d of %d records were received", got, each)
		}
		time.Sleep(300 * time.Millisecond)
	}
	cancel()
	wg.Wait()
	if err := n.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	q, err := search.Parse("device.hostname:h*")
	if err != nil {
		t.Fatal(err)
	}
	res, err := n.Search(t.Context(), "u", search.Request{Query: q})
	if err != nil || res.Total != batches*each {
		t.Errorf("found %+v, %v, want %d", res, err, batches*each)
	}
	refused := 0
	for range len(asked) {
		if err := <-asked; errors.Is(err, search.ErrMemory) || errors.Is(err, search.ErrTime) || errors.Is(err, search.ErrGaveWay) {
			refused++
		}
	}
	if t.Logf("%d questions were refused", refused); refused == 0 {
		t.Error("no question was refused: the test has no monsters")
	}
}

// TestWhatIsAskedIsRecorded asks in every way, and finds each in the journal,
// also what was refused.
func TestWhatIsAskedIsRecorded(t *testing.T) {
	n := openSearching(t)
	ingest(t, n, logons("h", 10))
	if err := n.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	pl, err := search.ParsePipeline("device.hostname:h | count by user.name", search.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Table(ctx, "u", search.TableRequest{Pipeline: pl}, nil); err != nil {
		t.Error(err)
	}
	if _, err := n.Stream(ctx, "u", search.Request{Query: pl.Query}, func(search.Part) error { return nil }); err != nil {
		t.Error(err)
	}
	if _, err := n.SQL(ctx, "u", search.SQLRequest{Text: "DROP TABLE hot_1"}); !errors.Is(err, search.ErrSQL) {
		t.Error(err)
	}
	if err := n.SaveSearch(ctx, "u", state.SavedSearch{Name: "one", Query: "user.name:$who"}); err != nil {
		t.Error(err)
	}
	if err := n.DeleteSearch(ctx, "u", "one"); err != nil {
		t.Error(err)
	}
	if err := n.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	var acts bytes.Buffer
	overall, err := n.Overall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for seq := uint64(1); seq <= overall.Journal.Last; seq++ {
		e, err := n.Entry(ctx, seq)
		if err != nil {
			t.Fatal(err)
		}
		if e.Source == "evident:audit" {
			acts.Write(append(e.Records[0].Raw, '\n'))
		}
	}
	for _, want := range []string{
		`"detail":"query \"device.hostname:h | count by user.name\""`, `"detail":"query \"device.hostname:h\""`,
		`"operation":"search-sql","caller":"u","detail":"sql \"DROP TABLE hot_1\""`,
		`"operation":"save-search"`, `"operation":"delete-search"`,
	} {
		if !strings.Contains(acts.String(), want) {
			t.Errorf("no %s in\n%s", want, acts.String())
		}
	}
}
