package score

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evident-sec/evident/internal/simulate"
)

// LabelFormat is what a label file says of itself.
const LabelFormat = "answer-key/1"

// ErrNoLabels says that a folder holds no label file.
var ErrNoLabels = errors.New("no label files")

// Campaign is one labelled course of action and the logs that show it.
type Campaign struct {
	Name      string
	Labels    string   // the file the labels are in
	Paths     []string // logs, each a file, folder or archive
	Starts    []Process
	Neutral   []Process // neither hits nor errors
	Held      []Process // controlled, but started before the logs begin
	Unrelated []Process // roots of trees that do not belong
	Steps     []Step
	Seeds     []Seed
	Logons    []Logon
	// Partial says that some hosts have no process labels at all: what runs
	// there is neutral.
	Partial bool
}

// Record names a log record: its file (any part of the path's end, "" where the
// campaign has one) and its number from 1.
type Record struct {
	File string
	Line int64
}

// Process is a labelled process, by unique identifier or by the record of its
// start.
type Process struct {
	Host, GUID string
	Start      Record
	Console    bool // the console window of another one
}

// Step is a labelled step. Technique is "" where the key gives none.
type Step struct {
	ID, Name, Technique string
	GUIDs               []string
	Records             []Record
}

// Seed is a record a reconstruction starts from.
type Seed struct {
	Name string
	Record
}

// Logon is a network logon whose process on the other host is known.
type Logon struct {
	Record
	SourceGUID string
}

// labelFile is the shape of LabelFormat.
type labelFile struct {
	Format   string
	Campaign string
	Host     string
	Source   struct {
		Archive   string
		Files     []string
		InnerFile string `json:"inner_file"`
	}
	Starts    []labelProcess `json:"attack_process_starts"`
	Neutral   []labelProcess `json:"neutral_process_starts"`
	Held      []labelProcess `json:"controlled_processes_not_started_here"`
	Unrelated []labelProcess `json:"unrelated_trees"`
	Steps     []struct {
		ID, Name, Technique string
		GUIDs               []string      `json:"process_guids"`
		Events              []labelRecord `json:"other_events"`
	}
	Seeds []struct {
		ID string
		labelRecord
	}
	Logons []struct {
		labelRecord
		SourceGUID string `json:"source_process_guid"`
	}
}

type labelRecord struct {
	File string
	Line int64 `json:"event_line"`
}

type labelProcess struct {
	labelRecord
	Host, Kind string
	GUID       string `json:"process_guid"`
	Root       string `json:"root_process_guid"`
}

// ReadLabels reads every label file of a folder. data is where the logs are; ""
// means the folder itself, then the one above. The error wraps ErrNoLabels where
// the folder holds none.
func ReadLabels(dir, data string) ([]*Campaign, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("list labels: %w", err)
	}
	slices.Sort(files)
	roots := []string{data}
	if data == "" {
		roots = []string{dir, filepath.Dir(filepath.Clean(dir))}
	}
	var list []*Campaign
	for _, f := range files {
		more, err := readLabelFile(f, roots)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("read labels of %s: %w (want *.json with \"format\": %q)", dir,
			ErrNoLabels, LabelFormat)
	}
	return list, nil
}

// readLabelFile returns the campaigns of one file; none of a JSON file that is
// no label file.
func readLabelFile(path string, roots []string) ([]*Campaign, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read labels: %w", err)
	}
	var head struct{ Format string }
	if json.Unmarshal(text, &head) != nil {
		return nil, nil // an array, or a log: no label file
	}
	switch head.Format {
	case LabelFormat:
		var l labelFile
		if err := json.Unmarshal(text, &l); err != nil {
			return nil, fmt.Errorf("parse labels %s: %w", path, err)
		}
		c, err := l.campaign(path, roots)
		if err != nil {
			return nil, err
		}
		return []*Campaign{c}, nil
	case simulate.KeyFormat:
		var k simulate.Key
		if err := json.Unmarshal(text, &k); err != nil {
			return nil, fmt.Errorf("parse labels %s: %w", path, err)
		}
		return simulated(&k, path), nil
	}
	return nil, nil
}

func (l *labelFile) campaign(path string, roots []string) (*Campaign, error) {
	c := &Campaign{Name: l.Campaign, Labels: path}
	if c.Name == "" {
		c.Name = strings.TrimSuffix(filepath.Base(path), ".json")
	}
	names := l.Source.Files
	if l.Source.Archive != "" {
		names = append(names, l.Source.Archive)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("read labels %s: source names neither archive nor files", path)
	}
	for _, name := range names {
		log, err := locate(name, roots)
		if err != nil {
			return nil, fmt.Errorf("read labels %s: %w", path, err)
		}
		c.Paths = append(c.Paths, log)
	}
	c.Starts, c.Neutral = l.processes(l.Starts), l.processes(l.Neutral)
	c.Held, c.Unrelated = l.processes(l.Held), l.processes(l.Unrelated)
	for _, s := range l.Steps {
		st := Step{ID: s.ID, Name: s.Name, Technique: s.Technique, GUIDs: s.GUIDs}
		for _, e := range s.Events {
			st.Records = append(st.Records, l.record(e))
		}
		c.Steps = append(c.Steps, st)
	}
	for _, s := range l.Seeds {
		c.Seeds = append(c.Seeds, Seed{s.ID, l.record(s.labelRecord)})
	}
	for _, s := range l.Logons {
		c.Logons = append(c.Logons, Logon{l.record(s.labelRecord), bareGUID(s.SourceGUID)})
	}
	if len(c.Seeds) == 0 {
		return nil, fmt.Errorf("read labels %s: no seeds, so there is nothing to start from", path)
	}
	return c, nil
}

func (l *labelFile) record(r labelRecord) Record {
	if r.File == "" {
		r.File = filepath.Base(filepath.FromSlash(l.Source.InnerFile))
	}
	if r.File == "." {
		r.File = ""
	}
	return Record(r)
}

func (l *labelFile) processes(list []labelProcess) []Process {
	out := make([]Process, 0, len(list))
	for _, p := range list {
		guid := p.GUID
		if guid == "" {
			guid = p.Root
		}
		host := p.Host
		if host == "" {
			host = l.Host
		}
		out = append(out, Process{
			Host: host, GUID: bareGUID(guid), Start: l.record(p.labelRecord),
			Console: p.Kind == "console-host",
		})
	}
	return out
}

func locate(name string, roots []string) (string, error) {
	for _, root := range roots {
		path := filepath.Join(root, filepath.FromSlash(name))
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not in %s; give the folder of the logs with --data", name,
		strings.Join(roots, " or "))
}

func bareGUID(guid string) string { return strings.ToLower(strings.Trim(guid, "{} ")) }

// simulated turns the answer key of a simulation into campaigns: each incident
// is one, its seeds are the first records of its steps.
func simulated(k *simulate.Key, path string) []*Campaign {
	var list []*Campaign
	for _, in := range k.Incidents {
		c := &Campaign{
			Name: fmt.Sprintf("%s (simulation %d)", in.Name, k.Seed), Labels: path,
			Paths: []string{filepath.Dir(path)}, Partial: true,
		}
		for _, p := range in.Processes {
			c.Starts = append(c.Starts, Process{Host: p.Host, GUID: bareGUID(p.GUID)})
		}
		for _, s := range in.Steps {
			st := Step{
				ID: fmt.Sprintf("%02d", s.N), Name: s.Description, Technique: s.Technique,
			}
			for _, e := range s.Events {
				st.Records = append(st.Records, Record{e.File, int64(e.Record)})
			}
			c.Steps = append(c.Steps, st)
			if len(st.Records) > 0 {
				c.Seeds = append(c.Seeds, Seed{"step " + st.ID, st.Records[0]})
			}
		}
		list = append(list, c)
	}
	return list
}
