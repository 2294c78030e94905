package sourceseal_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/evident-sec/evident/internal/evtx"
	"github.com/evident-sec/evident/internal/journald"
	"github.com/evident-sec/evident/internal/sourceseal"
)

// TestOlderVerdictsStay keeps the bytes of verdicts that stores have: with others,
// reading a log again would seal its verdict again.
func TestOlderVerdictsStay(t *testing.T) {
	got, err := json.Marshal(sourceseal.EventLog("file:a.evtx", evtx.Verdict{
		Chunks: 2, Records: 9, Missing: []evtx.Range{{First: 3, Last: 5}},
	}, []string{"record numbers 3 to 5 are missing"}))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"source":"file:a.evtx","kind":"evtx","records":9,"chunks":2,"unsound_chunks":0,"unclosed":false,` +
		`"unordered":false,"missing":["3 to 5"],"repeated":[],"problems":["record numbers 3 to 5 are missing"]}`
	if string(got) != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestSentences(t *testing.T) {
	sealed := journald.Verdict{
		State: "archived", Records: 60, Numbers: []journald.Range{{First: 1, Last: 60}},
		Seals: journald.Seals{
			Sealed: true, Count: 11, Last: 9, Checked: true, Good: 11, Verified: 58, Unsealed: 2,
			From: time.Unix(1_795_000_000, 0).UTC(), Until: time.Unix(1_795_000_900, 0).UTC(),
		},
	}
	for _, c := range []struct {
		seal  *sourceseal.Seal
		want  string
		holds bool
	}{
		{
			sourceseal.EventLog("a.evtx", evtx.Verdict{Records: 9}, nil),
			"a.evtx: 9 records, every checksum and record number holds", true,
		},
		{
			sourceseal.EventLog("a.evtx", evtx.Verdict{Records: 9}, []string{"one", "two"}),
			"a.evtx: 9 records; one; two", false,
		},
		{
			sourceseal.Journal("a.journal", &sealed, "ab", nil),
			"a.journal: 60 entries, file archived, 11 of 11 forward-secure seals match, 58 entries from " +
				"2026-11-18T11:06:40Z to 2026-11-18T11:21:40Z verified; 2 entries behind the last seal", true,
		},
		{
			sourceseal.Journal("a.journal", &journald.Verdict{State: "online", Records: 1}, "ab", []string{"x"}),
			"a.journal: 1 entries, file online, no forward-secure seals; x", false,
		},
		{
			sourceseal.Numbers("journal:ab", []journald.Range{{First: 5, Last: 5}, {First: 7, Last: 9}}),
			"journal:ab: sequence numbers 5, 7 to 9 are in none of the journals that were read", true,
		},
	} {
		if got := c.seal.Sentence(); got != c.want || c.seal.Holds() != c.holds {
			t.Errorf("%q, holds %v\nwant %q", got, c.seal.Holds(), c.want)
		}
	}
	j := sourceseal.Journal("a.journal", &sealed, "ab", nil).Journal
	if j.VerifiedTo == nil || !j.VerifiedTo.Equal(sealed.Seals.Until) || len(j.Epochs) != 2 || j.SHA256 != "ab" {
		t.Errorf("%+v", j)
	}
}
