package detect

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/state"
	"github.com/evident-sec/evident/sigma"
)

// Finding is an OCSF Detection Finding, class 2004, as JSON.
type Finding struct {
	ClassUID   uint32     `json:"class_uid"`
	ClassName  string     `json:"class_name"`
	ActivityID uint8      `json:"activity_id"`
	TypeUID    uint32     `json:"type_uid"`
	Time       time.Time  `json:"time"`
	Severity   string     `json:"severity"`
	SeverityID uint8      `json:"severity_id"`
	Info       Info       `json:"finding_info"`
	Device     Device     `json:"device"`
	Evidences  []Evidence `json:"evidences"`
	Evident    Provenance `json:"evident"`
}

// Info is OCSF finding_info.
type Info struct {
	UID      string   `json:"uid"`
	Title    string   `json:"title"`
	Desc     string   `json:"desc,omitempty"`
	Analytic Analytic `json:"analytic"`
	Attacks  []Attack `json:"attacks,omitempty"`

	// Of a correlation: the times of its first and last event, and how many
	// there are; Evidences has the latest of them.
	FirstSeen time.Time `json:"first_seen_time,omitzero"`
	LastSeen  time.Time `json:"last_seen_time,omitzero"`
	Related   int       `json:"related_events_count,omitempty"`
}

// Analytic names the rule; Type is Rule or Correlation.
type Analytic struct {
	UID  string `json:"uid"`
	Name string `json:"name"`
	Type string `json:"type"`
}

// Attack is one ATT&CK technique or tactic of the rule.
type Attack struct {
	Tactic    *Named `json:"tactic,omitempty"`
	Technique *Named `json:"technique,omitempty"`
}

// Named is an OCSF object with uid and name.
type Named struct {
	UID  string `json:"uid,omitempty"`
	Name string `json:"name,omitempty"`
}

// Device is the host the event happened on.
type Device struct {
	Hostname string `json:"hostname"`
}

// Evidence points at the record that matched.
type Evidence struct {
	Data EvidenceData `json:"data"`
}

// EvidenceData says where the record stood and what in it matched. Of a
// correlation's events only the identifier may be known, and Rule says what
// held for them.
type EvidenceData struct {
	File     string            `json:"file,omitempty"`
	Record   int64             `json:"record,omitempty"` // 1-based
	EventUID string            `json:"event_uid"`
	Matched  map[string]string `json:"matched"`
	Rule     string            `json:"rule,omitempty"` // id, or title
	Time     time.Time         `json:"time,omitzero"`
}

// Window is what a correlation's condition held over.
type Window struct {
	Type     string            `json:"type"`
	Timespan string            `json:"timespan"` // as rules write it, e.g. 90m
	Group    map[string]string `json:"group,omitempty"`
	Value    float64           `json:"value"` // what the condition was compared with
}

// Provenance makes the verdict repeatable and gives the rule's authors credit.
type Provenance struct {
	RuleSHA256 string   `json:"rule_sha256"`
	PlanSHA256 string   `json:"plan_sha256"`
	RuleFile   string   `json:"rule_file"`
	Author     string   `json:"author,omitempty"`
	License    string   `json:"license,omitempty"`
	References []string `json:"references,omitempty"`
	Entity     string   `json:"entity,omitempty"` // what the finding is about, e.g. a process
	Incident   string   `json:"incident_uid,omitempty"`

	Correlation *Window `json:"correlation,omitempty"`
}

// severities are OCSF severity_id by Sigma level.
var severities = map[string]uint8{
	"informational": 1, "low": 2, "medium": 3, "high": 4, "critical": 5,
}

// SeverityID returns the OCSF severity_id of a Sigma level; 3 (medium) where a
// rule has none, so that it is neither lost nor shouted.
func SeverityID(level string) uint8 {
	if id, ok := severities[strings.ToLower(level)]; ok {
		return id
	}
	return 3
}

var severityNames = [...]string{
	"Unknown", "Informational", "Low", "Medium", "High", "Critical", "Fatal",
}

// SeverityName returns the OCSF severity of a severity_id.
func SeverityName(id uint8) string {
	if int(id) < len(severityNames) {
		return severityNames[id]
	}
	return "Other"
}

// attacks returns what the rule's tags say of ATT&CK, worked out once: findings
// share it.
func (d *Detector) attacks(m *sigma.Meta) []Attack {
	if list, ok := d.known.Load(m); ok {
		return list.([]Attack)
	}
	list := attacks(m)
	d.known.Store(m, list)
	return list
}

func attacks(m *sigma.Meta) []Attack {
	var out []Attack
	for _, id := range m.Techniques() {
		out = append(out, Attack{Technique: &Named{UID: id}})
	}
	for _, name := range m.Tactics() {
		out = append(out, Attack{Tactic: &Named{Name: TacticName(name)}})
	}
	return out
}

// entity picks what a finding is about, most telling first.
func entity(ev *event.Event) string {
	for _, a := range []event.Attr{
		event.AttrProcessName, event.AttrActorName, event.AttrService, event.AttrJob,
		event.AttrFileName, event.AttrQueryName, event.AttrDstIP, event.AttrUser,
		event.AttrActorUser, event.AttrResourceName, event.AttrDeviceUID,
	} {
		if text := ev.Attrs.Get(a); text != "" {
			return text
		}
	}
	return ""
}

// row encodes the finding, which is about the event.
func (f *Finding) row(id event.ID) (state.Finding, error) {
	body, err := json.Marshal(f)
	if err != nil {
		return state.Finding{}, fmt.Errorf("encode finding %s: %w", f.Info.UID, err)
	}
	return state.Finding{
		UID: f.Info.UID, Time: f.Time, Severity: f.SeverityID, Rule: f.Info.Analytic.UID,
		Title: f.Info.Title, Host: f.Device.Hostname, Event: id, Body: body,
	}, nil
}
