package story

import (
	"fmt"
	"io"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/reconstruct"
)

// Shapes of an OCSF 1.9 Incident Finding, class 2005. Times are milliseconds
// since 1970.
type (
	incidentFinding struct {
		ActivityID    int           `json:"activity_id"`
		ActivityName  string        `json:"activity_name"`
		CategoryUID   int           `json:"category_uid"`
		CategoryName  string        `json:"category_name"`
		ClassUID      int           `json:"class_uid"`
		ClassName     string        `json:"class_name"`
		TypeUID       int           `json:"type_uid"`
		TypeName      string        `json:"type_name"`
		Time          int64         `json:"time"`
		StartTime     int64         `json:"start_time"`
		EndTime       int64         `json:"end_time"`
		Severity      string        `json:"severity"`
		SeverityID    int           `json:"severity_id"`
		Status        string        `json:"status"`
		StatusID      int           `json:"status_id"`
		Confidence    string        `json:"confidence"`
		ConfidenceID  int           `json:"confidence_id"`
		Desc          string        `json:"desc"`
		Message       string        `json:"message"`
		AssigneeGroup ocsfNamed     `json:"assignee_group"`
		Metadata      ocsfMetadata  `json:"metadata"`
		Attacks       []ocsfAttack  `json:"attacks,omitempty"`
		FindingInfo   []findingInfo `json:"finding_info_list"`
		Notes         []ocsfNote    `json:"notes,omitempty"`
	}
	ocsfNamed struct {
		UID  string `json:"uid,omitempty"`
		Name string `json:"name,omitempty"`
	}
	ocsfMetadata struct {
		Version  string      `json:"version"`
		UID      string      `json:"uid"`
		Profiles []string    `json:"profiles"`
		Product  ocsfProduct `json:"product"`
	}
	ocsfProduct struct {
		Name       string     `json:"name"`
		VendorName string     `json:"vendor_name"`
		Feature    *ocsfNamed `json:"feature,omitempty"`
	}
	ocsfAttack struct {
		Tactic    *ocsfNamed `json:"tactic,omitempty"`
		Technique *ocsfNamed `json:"technique,omitempty"`
	}
	findingInfo struct {
		UID         string         `json:"uid"`
		Title       string         `json:"title"`
		Desc        string         `json:"desc,omitempty"`
		Types       []string       `json:"types"`
		FirstSeen   int64          `json:"first_seen_time"`
		LastSeen    int64          `json:"last_seen_time"`
		Attacks     []ocsfAttack   `json:"attacks,omitempty"`
		Tags        []ocsfTag      `json:"tags,omitempty"`
		Related     []relatedEvent `json:"related_events,omitempty"`
		RelatedSum  int            `json:"related_events_count,omitempty"`
		AttackGraph *ocsfGraph     `json:"attack_graph,omitempty"`
	}
	ocsfTag struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	relatedEvent struct {
		UID   string `json:"uid"`
		Title string `json:"title,omitempty"`
	}
	ocsfGraph struct {
		UID        string     `json:"uid"`
		IsDirected bool       `json:"is_directed"`
		Nodes      []ocsfNode `json:"nodes"`
		Edges      []ocsfEdge `json:"edges,omitempty"`
	}
	ocsfNode struct {
		UID  string `json:"uid"`
		Name string `json:"name"`
		Type string `json:"type"`
		Desc string `json:"desc,omitempty"`
	}
	ocsfEdge struct {
		UID      string `json:"uid"`
		Source   string `json:"source"`
		Target   string `json:"target"`
		Relation string `json:"relation"`
	}
	ocsfNote struct {
		Comment string   `json:"comment"`
		Created int64    `json:"created_time"`
		Owner   ocsfUser `json:"owner"`
		UID     string   `json:"uid"`
	}
	ocsfUser struct {
		UID string `json:"uid"`
	}
)

// ocsfSeverity is severity_id and its caption by level.
var ocsfSeverity = map[string]struct {
	id   int
	name string
}{
	"informational": {1, "Informational"}, "low": {2, "Low"}, "medium": {3, "Medium"},
	"high": {4, "High"}, "critical": {5, "Critical"},
}

// ocsfConfidence maps a grade to confidence_id and its caption; the grade itself
// is a tag.
func ocsfConfidence(grade string) (int, string) {
	switch grade {
	case "PROVEN":
		return 3, "High"
	case "CORROBORATED":
		return 2, "Medium"
	case "INFERRED", "ASSUMED":
		return 1, "Low"
	}
	return 0, "Unknown"
}

// WriteOCSF writes one Incident Finding: the incident with its graph first in
// finding_info_list, then each step. Its time is the incident's end, so that
// the same story is the same finding; it has no assignee, and says so.
func WriteOCSF(out io.Writer, t *Told) error {
	i := &t.Result.Incident
	sev := ocsfSeverity[i.Severity]
	if sev.name == "" {
		sev.name = "Unknown"
	}
	f := incidentFinding{
		ActivityID: 1, ActivityName: "Create", CategoryUID: 2, CategoryName: "Findings",
		ClassUID: 2005, ClassName: "Incident Finding", TypeUID: 200501,
		TypeName: "Incident Finding: Create", Time: i.To.UnixMilli(), StartTime: i.From.UnixMilli(),
		EndTime: i.To.UnixMilli(), Severity: sev.name, SeverityID: sev.id, Status: "New", StatusID: 1,
		Desc: plain(t.Title()), AssigneeGroup: ocsfNamed{Name: "unassigned"},
		Message: fmt.Sprintf("%s: %d steps, %d gaps, grade %s", plain(t.Title()), len(t.Result.Steps),
			len(t.Result.Gaps), plain(i.Grade)),
		Metadata: ocsfMetadata{
			Version: "1.9.0-dev", UID: plain(i.UID), Profiles: []string{"incident"},
			Product: ocsfProduct{
				Name: "Evident", VendorName: "Evident", Feature: &ocsfNamed{Name: "reconstruct"},
			},
		},
		FindingInfo: []findingInfo{t.ocsfIncident()},
	}
	f.ConfidenceID, f.Confidence = ocsfConfidence(i.Grade)
	seen := map[string]bool{}
	for _, r := range t.Rows() {
		t.ocsfRow(&f, &r, seen)
	}
	for _, n := range t.Overlays {
		note := Note{n, t.withdrawn(n.UID)}
		f.Notes = append(f.Notes, ocsfNote{
			Comment: plain(note.Says()), Created: n.Time.UnixMilli(), Owner: ocsfUser{plain(n.Author)},
			UID: plain(n.UID),
		})
	}
	return writeJSON(out, f)
}

func (t *Told) ocsfRow(f *incidentFinding, r *Row, seen map[string]bool) {
	i := &t.Result.Incident
	switch {
	case r.Step != nil:
		f.FindingInfo = append(f.FindingInfo, ocsfStep(i.UID, r.Step))
		attacks := ocsfAttacks(r.Step)
		for _, a := range attacks {
			if k := r.Step.Tactic + "\n" + r.Step.Technique; !seen[k] {
				seen[k], f.Attacks = true, append(f.Attacks, a)
			}
		}
	case r.Added != nil:
		f.FindingInfo = append(f.FindingInfo, findingInfo{
			UID: plain(i.UID + "-" + r.Added.UID), Title: plain(r.Added.Text),
			Types: []string{"added step"}, Tags: []ocsfTag{{"grade", assumed}},
			FirstSeen: r.Added.At.UnixMilli(), LastSeen: r.Added.At.UnixMilli(),
			Related: related(r.Added.Events), RelatedSum: len(r.Added.Events),
		})
	case r.Gap != nil:
		at := func(t time.Time) int64 {
			if t.IsZero() {
				t = i.From
			}
			return t.UnixMilli()
		}
		f.FindingInfo = append(f.FindingInfo, findingInfo{
			UID: plain(i.UID) + fmt.Sprintf("-gap-%d", len(f.FindingInfo)), Title: plain(r.Gap.Text),
			Desc:  "Would be closed by: " + plain(r.Gap.WouldClose),
			Types: []string{"gap"}, FirstSeen: at(r.Gap.From), LastSeen: at(r.Gap.To),
			Tags: []ocsfTag{{"gap", plain(r.Gap.Kind)}},
		})
	}
}

func (t *Told) ocsfIncident() findingInfo {
	i := &t.Result.Incident
	info := findingInfo{
		UID: plain(i.UID), Title: plain(t.Title()), Types: []string{"incident"},
		FirstSeen: i.From.UnixMilli(), LastSeen: i.To.UnixMilli(), RelatedSum: i.Kept,
		Tags: []ocsfTag{{"grade", plain(i.Grade)}},
	}
	for _, uid := range i.Findings {
		info.Related = append(info.Related, relatedEvent{UID: plain(uid), Title: "Detection Finding"})
	}
	if g := &t.Result.Graph; len(g.Nodes) > 0 {
		info.AttackGraph = ocsfGraphOf(i.UID, g)
	}
	return info
}

func ocsfGraphOf(uid string, g *reconstruct.Graph) *ocsfGraph {
	out := &ocsfGraph{UID: plain(uid), IsDirected: true}
	for _, n := range g.Nodes {
		out.Nodes = append(out.Nodes, ocsfNode{
			plain(n.ID), plain(n.Label), plain(n.Type), plain(n.Host),
		})
	}
	for k, e := range g.Edges {
		out.Edges = append(out.Edges, ocsfEdge{
			UID: fmt.Sprintf("e%d", k), Source: plain(e.Src), Target: plain(e.Dst),
			Relation: plain(e.Verb) + ", " + plain(e.Grade),
		})
	}
	return out
}

func ocsfStep(incident string, s *reconstruct.Step) findingInfo {
	return findingInfo{
		UID: fmt.Sprintf("%s-step-%d", plain(incident), s.N), Title: plain(s.Sentence),
		Desc: plain(s.Why), Types: []string{"step"},
		FirstSeen: s.From.UnixMilli(), LastSeen: s.To.UnixMilli(),
		Attacks: ocsfAttacks(s), Tags: []ocsfTag{{"grade", plain(s.Grade)}},
		Related: related(s.Events), RelatedSum: len(s.Events),
	}
}

func ocsfAttacks(s *reconstruct.Step) []ocsfAttack {
	var a ocsfAttack
	if s.Tactic != "" {
		a.Tactic = &ocsfNamed{Name: tacticName(plain(s.Tactic))}
	}
	if s.Technique != "" {
		a.Technique = &ocsfNamed{UID: plain(s.Technique), Name: plain(s.TechniqueName)}
	}
	if a == (ocsfAttack{}) {
		return nil
	}
	return []ocsfAttack{a}
}

func related(ids []event.ID) []relatedEvent {
	var out []relatedEvent
	for _, id := range ids[:min(len(ids), maxStixRefs)] {
		out = append(out, relatedEvent{UID: id.String()})
	}
	return out
}
