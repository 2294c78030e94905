package normalize

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/evtx"
	"github.com/evident-sec/evident/internal/evtx/evtxtest"
)

// eventRecords cuts the records out of a Windows event log.
func eventRecords(tb testing.TB, file []byte) (out [][]byte) {
	tb.Helper()
	r, err := evtx.NewReader(bytes.NewReader(file))
	if err != nil {
		tb.Fatal(err)
	}
	for {
		c, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			tb.Fatal(err)
		}
		for _, rec := range c.Records() {
			out = append(out, c.AppendRaw(nil, rec))
		}
	}
}

// eachEventLog visits the event logs below a folder of the shared data.
func eachEventLog(tb testing.TB, folder string, visit func(path string, records [][]byte)) {
	tb.Helper()
	err := filepath.WalkDir(needData(tb, folder), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".evtx") {
			return err
		}
		data, err := os.ReadFile(path)
		if err == nil {
			visit(path, eventRecords(tb, data))
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// twinDiffers are the differences between an event log and its JSON twin that
// no rule explains, by file and field.
var twinDiffers = map[string]string{
	"ad691d92-15f2-4181-9aa4-723c74f9ddc3 TimeCreated": "this twin alone was written by a tool " +
		"that gives nine decimals; all others have six",
	"ad691d92-15f2-4181-9aa4-723c74f9ddc3 ParentCommandLine": "the log has Explorer.EXE, the twin " +
		"Explorer.exe: edited by hand",
}

// TestEVTXTwins decodes every recording of the regression data from its event
// log and from its JSON twin and wants the same fields: names, kinds, values.
// One rule is allowed: the tool that wrote the twins takes the white space off
// both ends of a text, which the log has.
func TestEVTXTwins(t *testing.T) {
	files, events, trimmed := 0, 0, 0
	open := maps.Clone(twinDiffers)
	eachEventLog(t, "sigma-regression", func(path string, records [][]byte) {
		stem := strings.TrimSuffix(path, ".evtx")
		twins := twinsOf(t, stem+".json")
		if len(twins) != len(records) {
			t.Fatalf("%s: %d records, the twin has %d", path, len(records), len(twins))
		}
		files++
		for i := range records {
			events++
			log, err := Decode(event.FormatEVTX, "", records[i])
			if err != nil {
				t.Errorf("%s: record %d: %v", path, i+1, err)
			}
			for _, d := range differences(t, log, twins[i]) {
				known := filepath.Base(stem) + " " + d.field
				switch {
				case d.trimmed:
					trimmed++
				case twinDiffers[known] != "":
					delete(open, known)
				default:
					t.Errorf("%s: record %d: %s: log %v, twin %v", path, i+1, d.field, d.log, d.twin)
				}
			}
		}
	})
	t.Logf("%d files, %d events, %d texts that the twin has without the white space at an end",
		files, events, trimmed)
	if files < 121 || trimmed == 0 {
		t.Errorf("%d files, %d trimmed texts: the data is not what this test was written for",
			files, trimmed)
	}
	for known := range open {
		t.Errorf("%s is listed as a difference and is none", known)
	}
}

// twinsOf reads the JSON objects of a twin, which stand one after the other.
func twinsOf(t *testing.T, path string) (out []event.Fields) {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for dec := json.NewDecoder(bytes.NewReader(data)); ; {
		var object json.RawMessage
		err := dec.Decode(&object)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		fields, err := Decode(event.FormatJSON, "", object)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		out = append(out, fields)
	}
}

type difference struct {
	field     string
	log, twin any
	trimmed   bool
}

// differences compares two records field by field, in both directions.
func differences(t *testing.T, log, twin event.Fields) (out []difference) {
	for _, f := range twin {
		v, ok := log.Get(f.Name)
		switch {
		case !ok:
			out = append(out, difference{f.Name, "missing", f.Value, false})
		case v.Kind != f.Value.Kind || v.Text != f.Value.Text ||
			!slices.EqualFunc(v.Items, f.Value.Items, sameValue):
			trimmed := v.Kind == event.String && strings.TrimSpace(v.Text) == f.Value.Text
			out = append(out, difference{f.Name, v, f.Value, trimmed})
		}
	}
	for _, f := range log {
		if _, ok := twin.Get(f.Name); !ok {
			out = append(out, difference{f.Name, f.Value, "missing", false})
		}
	}
	return out
}

func sameValue(a, b event.Value) bool { return a.Kind == b.Kind && a.Text == b.Text }

// TestEVTXIsMapped maps every record of the shared event logs: each has its own
// time, a host and a channel, and most have a class.
func TestEVTXIsMapped(t *testing.T) {
	n := newNormalizer(t)
	for _, set := range []struct {
		folder string
		events int
		class  float64 // percent
	}{{"evtx", 3300, 85}, {"sigma-regression", 121, 95}} {
		c := &tally{unmapped: map[string]int{}}
		channels := 0
		eachEventLog(t, set.folder, func(path string, records [][]byte) {
			e := &event.Entry{Source: path, Format: event.FormatEVTX, Received: received}
			for i, raw := range records {
				e.Records = append(e.Records, event.Record{Raw: raw, Position: int64(i + 1)})
			}
			events := n.Entry(e)
			for i := range events {
				c.add(t, &events[i])
				if events[i].Attrs.Get(event.AttrLogName) != "" {
					channels++
				}
			}
		})
		c.log(t, set.folder)
		if c.events < set.events || c.problems > 0 || c.timed < c.events || c.hosted < c.events ||
			channels < c.events-1 || c.share(c.mapped) < set.class {
			t.Errorf("%s: %d events, %d undecoded, %d with time, %d with host, %d with channel, %.1f %% "+
				"with class", set.folder, c.events, c.problems, c.timed, c.hosted, channels, c.share(c.mapped))
		}
	}
}

// TestEVTXNamesAreLifted wants the names that rules use, also where an element
// of the event's own data is called as one of the header.
func TestEVTXNamesAreLifted(t *testing.T) {
	var f evtxtest.File
	err := f.Event(evtxtest.Event{
		Number: 7, Time: received, Provider: "P", ID: 1116, Channel: "C", Computer: "ws-017",
		Data: []evtxtest.Datum{
			{Name: "Threat Name", Value: evtxtest.String("EICAR")},
			{Name: "", Value: evtxtest.String("unnamed")},
			{Name: "Channel", Value: evtxtest.String("forged")},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	fields, err := Decode(event.FormatEVTX, "", eventRecords(t, f.Bytes())[0])
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Channel": "C", "EventID": "1116", "Provider_Name": "P", "Computer": "ws-017",
		"EventRecordID": "7", "ThreatName": "EICAR", "Security_UserID": "S-1-5-18",
		"Execution_ProcessID": "4312", "Keywords": "0x8000000000000000",
	} {
		if got := fields.Text(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if v, _ := fields.Get("Data"); len(v.Items) != 1 || v.Items[0].Text != "unnamed" {
		t.Errorf("Data is %v, want a list with one item", v)
	}
}

// TestEVTXDeadLetter wants the texts of a record that cannot be decoded, so
// that it can be found.
func TestEVTXDeadLetter(t *testing.T) {
	var f evtxtest.File
	err := f.Record(1, received, func(w *evtxtest.XML) {
		w.Raw(0xff)
		w.Raw(evtxtest.UTF16("wevtutil cl Security")...)
	})
	if err != nil {
		t.Fatal(err)
	}
	e := &event.Entry{Format: event.FormatEVTX, Received: received, Source: "file:x.evtx"}
	for _, raw := range append(eventRecords(t, f.Bytes()), []byte("no record at all"), nil) {
		e.Records = append(e.Records, event.Record{Raw: raw})
	}
	for i, ev := range newNormalizer(t).Entry(e) {
		if ev.Problem == "" || ev.Native != nil {
			t.Errorf("record %d: problem %q, fields %v", i, ev.Problem, ev.Native)
		}
		if text := ev.Attrs.Get(event.AttrMessage); i == 0 && text != "wevtutil cl Security" {
			t.Errorf("its text is %q", text)
		}
	}
}

// TestEVTXAlongOthers reads entries of one Scanner in any order of formats.
func TestEVTXAlongOthers(t *testing.T) {
	var f evtxtest.File
	for i := range 3 {
		err := f.Event(evtxtest.Event{
			Number: uint64(i + 1), Time: received, Provider: fmt.Sprint("P", i%2),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	log := &event.Entry{Format: event.FormatEVTX, Received: received}
	for _, raw := range eventRecords(t, f.Bytes()) {
		log.Records = append(log.Records, event.Record{Raw: raw})
	}
	lines := &event.Entry{Format: event.FormatJSON, Received: received, Records: []event.Record{
		{Raw: []byte(`{"Channel":"Security","EventID":1102}`)},
	}}
	s := newNormalizer(t).Scanner()
	for _, e := range []*event.Entry{log, lines, log, log, lines, log} {
		s.Open(e)
		n := 0
		for ev := s.Next(); ev != nil; ev = s.Next() {
			want := "Security"
			if n++; e == log {
				want = fmt.Sprint("P", (n-1)%2)
			}
			if got := ev.Native.Text("Provider_Name") + ev.Native.Text("Channel"); got != want {
				t.Errorf("%s record %d gives %q, want %q", e.Format, n, got, want)
			}
		}
		if n != len(e.Records) {
			t.Errorf("%d records of %d", n, len(e.Records))
		}
	}
}
