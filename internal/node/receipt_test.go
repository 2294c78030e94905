package node_test

import (
	"testing"
	"time"

	"github.com/evident-sec/evident/internal/receipt"
	"github.com/evident-sec/evident/internal/search"
)

// TestReceiptTellsSilence: a source that delivers nothing between two sealed
// heartbeats is a gap of every receipt made from then on, over several heartbeats
// one gap, also when it speaks again; a source that delivers is none.
func TestReceiptTellsSilence(t *testing.T) {
	n := openSearching(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	beat := func() {
		t.Helper()
		must(n.Settle(t.Context()))
		must(n.Heartbeat(t.Context()))
	}
	ingest(t, n, logons("ws-1", 2))
	ingest(t, n, logons("ws-2", 2))
	gaps := func() []receipt.Gap {
		t.Helper()
		r, _, err := n.Receipt(t.Context(), "test", (*search.Query)(nil), time.Time{}, time.Time{})
		must(err)
		return r.Gaps
	}
	beat()
	if g := gaps(); len(g) > 0 {
		t.Fatalf("after the first heartbeat: %+v", g)
	}
	ingest(t, n, logons("ws-2", 5))
	beat()
	ingest(t, n, logons("ws-2", 7))
	beat()
	check := func(when string) {
		t.Helper()
		g := gaps()
		if len(g) != 1 || g[0].Kind != receipt.Silent || g[0].Host != "ws-1" || !g[0].From.Before(g[0].To) || g[0].Event == "" {
			t.Fatalf("%s: %+v", when, g)
		}
	}
	check("while ws-1 is silent")
	ingest(t, n, []byte(`{"product":"evident","service":"audit","operation":"heartbeat","time":"2026-11-22T09:00:00Z",`+
		`"detail":"[{\"source\":\"windows/security\",\"host\":\"ws-2\",\"events\":12}]"}`+"\n"))
	check("with a heartbeat that somebody else sent")
	ingest(t, n, logons("ws-1", 4))
	ingest(t, n, logons("ws-2", 9))
	beat()
	check("when ws-1 speaks again")
}
