package node

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/witness"
	"github.com/evident-sec/evident/proof"
)

// BenchmarkArrivalToWitnessed receives 10,000 events a second for ten seconds, in
// entries of 500, with the whole flow behind it: journal, mapping, rules, lake.
// It measures from the arrival of an entry until two witnesses have cosigned a
// checkpoint that covers it. Run with -benchtime 1x.
func BenchmarkArrivalToWitnessed(b *testing.B) {
	const perSecond, seconds = 20, 10
	for b.Loop() {
		n := witnessedNode(b)
		arrived := make([]time.Time, perSecond*seconds)
		began := time.Now()
		waited := make(chan []time.Duration)
		first := make(chan uint64, 1)
		go func() { waited <- watchWitnessed(n, arrived, <-first) }()
		for i := range arrived {
			time.Sleep(time.Until(began.Add(time.Duration(i) * time.Second / perSecond)))
			e := processStarts(i)
			arrived[i] = time.Now()
			if err := n.Append(b.Context(), e); err != nil {
				b.Fatal(err)
			}
			if i == 0 {
				first <- e.Seq
			}
		}
		all := <-waited
		slices.Sort(all)
		b.ReportMetric(all[len(all)/2].Seconds(), "s-median")
		b.ReportMetric(all[len(all)*99/100].Seconds(), "s-p99")
		if err := n.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// watchWitnessed returns how long each of the entries from first on waited. An
// entry's place in arrived is written before it is journaled, so that it is there
// when a checkpoint covers it.
func watchWitnessed(n *Node, arrived []time.Time, first uint64) (waited []time.Duration) {
	for len(waited) < len(arrived) {
		time.Sleep(10 * time.Millisecond)
		status, _ := n.ledger.Witnessing()
		now := time.Now()
		for next := first + uint64(len(waited)); next <= uint64(status.Size) && len(waited) < len(arrived); next++ {
			waited = append(waited, now.Sub(arrived[len(waited)]))
		}
	}
	return waited
}

func witnessedNode(b *testing.B) *Node {
	b.Helper()
	dir := b.TempDir()
	n, err := Open(b.Context(), Config{Dir: dir, Command: "bench", NoSearch: true})
	if err != nil {
		b.Fatal(err)
	}
	key := n.VerifierKey()
	if err := n.Close(); err != nil {
		b.Fatal(err)
	}
	text := "log " + key + "\n"
	for _, name := range []string{"a", "b"} {
		w, err := witness.Open(witness.Config{Dir: b.TempDir(), Name: name, Logs: []string{key}})
		if err != nil {
			b.Fatal(err)
		}
		srv := httptest.NewServer(w.Handler())
		b.Cleanup(func() { srv.Close(); _ = w.Close() })
		text += fmt.Sprintf("witness %s %s %s\n", name, w.Key(), srv.URL)
	}
	policy, err := proof.ParsePolicy([]byte(text + "group both all a b\nquorum both\n"))
	if err != nil {
		b.Fatal(err)
	}
	n, err = Open(b.Context(), Config{Dir: dir, Command: "bench", NoSearch: true, Witnesses: policy})
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// processStarts is an entry of 500 process starts of about 600 bytes.
func processStarts(i int) *event.Entry {
	e := &event.Entry{Source: "bench", Format: event.FormatJSON, Received: time.Now().UTC()}
	e.Batch[0], e.Batch[1] = byte(i), byte(i>>8)+1
	for k := range 500 {
		raw := fmt.Sprintf(`{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"ws%02d",`+
			`"UtcTime":"2026-11-18 02:%02d:%02d.%03d","ProcessId":"%d","ProcessGuid":"{0a1b2c3d-%04x-%04x-0000-000000000000}",`+
			`"Image":"C:\\Windows\\System32\\svchost.exe","CommandLine":"svchost.exe -k netsvcs -p -s job%d",`+
			`"ParentImage":"C:\\Windows\\System32\\services.exe","ParentCommandLine":"C:\\Windows\\system32\\services.exe",`+
			`"User":"NT AUTHORITY\\SYSTEM","IntegrityLevel":"System","Hashes":"MD5=%032x","RecordNumber":%d}`,
			k%40, i/60%60, i%60, k, 1000+k, i, k, k, i*500+k, i*500+k+1)
		e.Records = append(e.Records, event.Record{Raw: []byte(raw), Position: int64(k + 1)})
	}
	return e
}
