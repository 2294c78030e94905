package journal

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
)

// LossSource is the source of the entries that stand for lost ones. What others
// send never has it.
const LossSource = "evident:journal"

// Loss says what is known of an entry that was acknowledged and can never be
// processed. Batch to Records are what the damaged bytes still say: nothing
// proves them, and they are empty where the header is damaged too.
type Loss struct {
	Entry   uint64    `json:"entry"`
	Found   time.Time `json:"found"`
	Reason  string    `json:"reason"`
	Batch   string    `json:"batch,omitempty"` // hex, event.BatchID
	Source  string    `json:"source,omitempty"`
	Records int       `json:"records,omitempty"`
}

// lossRecord is the record that takes the place of the lost ones; it has the
// form of Evident's other records of its own.
type lossRecord struct {
	Time      time.Time `json:"time"`
	Product   string    `json:"product"`
	Service   string    `json:"service"`
	Operation string    `json:"operation"`
	Caller    string    `json:"caller"`
	Detail    string    `json:"detail"`
	Lost      Loss      `json:"lost"`
}

// Operation names loss records among Evident's own: api.operation in searches.
const Operation = "journal-loss"

// maxLossText bounds what a damaged header can put into the record.
const maxLossText = 4096

// newLoss describes an entry by what is left of its encoding.
func newLoss(seq uint64, reason string, body []byte) Loss {
	l := Loss{Entry: seq, Found: time.Now().UTC(), Reason: reason}
	var e event.Entry
	if e.UnmarshalHeader(body) == nil {
		l.Batch, l.Records = e.Batch.String(), len(e.Records)
		l.Source = strings.ToValidUTF8(e.Source, "?")
		l.Source = l.Source[:min(len(l.Source), maxLossText)]
	}
	return l
}

// Sentence says in words what is lost and what to do.
func (l Loss) Sentence() string {
	what := "what it held is not known; send again what arrived then"
	if l.Source != "" {
		what = fmt.Sprintf("it held %d records of %s; send that again: exactly the missing records are added",
			l.Records, l.Source)
	}
	return fmt.Sprintf("journal entry %d was acknowledged and is lost (%s): %s", l.Entry, l.Reason, what)
}

// entry is the entry that takes the place of the lost one.
func (l Loss) entry() (*event.Entry, error) {
	raw, err := json.Marshal(lossRecord{
		Time: l.Found, Product: "evident", Service: "audit", Operation: Operation, Caller: "evident",
		Detail: l.Sentence(), Lost: l,
	})
	if err != nil {
		return nil, fmt.Errorf("describe lost entry %d: %w", l.Entry, err)
	}
	e := &event.Entry{
		Seq: l.Entry, Source: LossSource, Format: event.FormatJSON, Received: l.Found,
		Batch:   sha256.Sum256(append([]byte("evident.journal-loss/v1\n"), raw...)),
		Records: []event.Record{{Raw: raw, Position: 1}},
	}
	rand.Read(e.Records[0].Salt[:])
	return e, nil
}

// LossOf returns what an entry says is lost; ok is false for every other entry.
func LossOf(e *event.Entry) (l Loss, ok bool) {
	if e.Source != LossSource || len(e.Records) != 1 {
		return Loss{}, false
	}
	var r lossRecord
	if json.Unmarshal(e.Records[0].Raw, &r) != nil || r.Operation != Operation || r.Lost.Entry != e.Seq {
		return Loss{}, false
	}
	return r.Lost, true
}
