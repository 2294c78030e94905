package story

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/reconstruct"
)

// attackFlow is the extension definition by which Attack Flow adds its objects
// to STIX 2.1; Attack Flow 3 still uses it.
const attackFlow = "extension-definition--fb9c968a-745b-4ade-9b25-c324172197f4"

// Identities: the author of the extension, as published with it, and Evident.
const mitre = "identity--d673f8cb-c168-42da-8ed4-0cb26725f86c"

func evidentIdentity() string { return "identity--" + uuid5("evident") }

// admiralty maps grades to STIX confidence by the Admiralty scale (STIX 2.1,
// appendix A): confirmed 90, probably true 70, possibly true 50, doubtful 30.
var admiralty = map[string]int{"PROVEN": 90, "CORROBORATED": 70, "INFERRED": 50, "ASSUMED": 30}

// stixObject is any object of the bundle; a field that its type does not have
// stays empty.
type stixObject struct {
	Type        string         `json:"type"`
	SpecVersion string         `json:"spec_version"`
	ID          string         `json:"id"`
	CreatedBy   string         `json:"created_by_ref,omitempty"`
	Created     string         `json:"created"`
	Modified    string         `json:"modified"`
	Labels      []string       `json:"labels,omitempty"`
	Confidence  int            `json:"confidence,omitempty"`
	External    []stixRef      `json:"external_references,omitempty"`
	Extensions  map[string]any `json:"extensions,omitempty"`

	Name           string   `json:"name,omitempty"`
	Description    string   `json:"description,omitempty"`
	IdentityClass  string   `json:"identity_class,omitempty"`
	Schema         string   `json:"schema,omitempty"`
	Version        string   `json:"version,omitempty"`
	ExtensionTypes []string `json:"extension_types,omitempty"`

	Scope     string   `json:"scope,omitempty"`      // attack-flow
	StartRefs []string `json:"start_refs,omitempty"` // attack-flow

	TacticID    string   `json:"tactic_id,omitempty"` // attack-action
	TechniqueID string   `json:"technique_id,omitempty"`
	Start       string   `json:"execution_start,omitempty"`
	End         string   `json:"execution_end,omitempty"`
	AssetRefs   []string `json:"asset_refs,omitempty"`
	EffectRefs  []string `json:"effect_refs,omitempty"`

	Abstract    string   `json:"abstract,omitempty"`    // note
	Content     string   `json:"content,omitempty"`     // note
	Opinion     string   `json:"opinion,omitempty"`     // opinion
	Explanation string   `json:"explanation,omitempty"` // opinion
	Authors     []string `json:"authors,omitempty"`     // note, opinion
	ObjectRefs  []string `json:"object_refs,omitempty"` // note, opinion
}

type stixRef struct {
	SourceName  string `json:"source_name"`
	Description string `json:"description,omitempty"`
	URL         string `json:"url,omitempty"`
	ExternalID  string `json:"external_id,omitempty"`
}

// stixBundle makes the objects of one story.
type stixBundle struct {
	t       *Told
	uid     string
	at      string // created and modified of all objects
	objects []stixObject
	assets  map[string]string // host to its asset
	actions map[int]string    // step to its action
	flow    string
}

const stixTime = "2006-01-02T15:04:05.000Z"

// maxStixRefs bounds the events named by one object.
const maxStixRefs = 100

// WriteSTIX writes a bundle with one attack-flow, an action for each step, an
// asset for each host, notes for gaps and comments, opinions for verdicts. The
// times of the objects are the incident's, so that the same story is the same
// bundle.
func WriteSTIX(out io.Writer, t *Told) error {
	b := &stixBundle{
		t: t, uid: t.Result.Incident.UID, at: stixAt(t.Result.Incident.To),
		assets: map[string]string{}, actions: map[int]string{},
	}
	b.flow = b.id("attack-flow", "")
	b.preface()
	b.steps()
	for i, r := range t.Rows() {
		b.row(i, &r)
	}
	whole, lost := t.About()
	for _, n := range append(whole, lost...) {
		b.note(&n, b.flow)
	}
	return writeJSON(out, map[string]any{
		"type": "bundle", "id": b.id("bundle", ""), "objects": b.objects,
	})
}

func stixAt(t time.Time) string { return t.UTC().Format(stixTime) }

func (b *stixBundle) id(kind, name string) string {
	return kind + "--" + uuid5(kind+"\n"+b.uid+"\n"+name)
}

// add appends an object with the properties that all have.
func (b *stixBundle) add(o stixObject) {
	o.SpecVersion = "2.1"
	o.Created, o.Modified = cmp.Or(o.Created, b.at), cmp.Or(o.Modified, b.at)
	o.CreatedBy = cmp.Or(o.CreatedBy, evidentIdentity())
	if strings.HasPrefix(o.Type, "attack-") {
		o.Extensions = map[string]any{attackFlow: map[string]string{"extension_type": "new-sdo"}}
	}
	b.objects = append(b.objects, o)
}

// preface adds the extension, the identities and the flow.
func (b *stixBundle) preface() {
	const published = "2022-08-02T19:34:35.143Z"
	b.add(stixObject{
		Type: "extension-definition", ID: attackFlow, CreatedBy: mitre, Created: published,
		Modified: published, Name: "Attack Flow",
		Description: "Extends STIX 2.1 with features to create Attack Flows.",
		Schema: "https://center-for-threat-informed-defense.github.io/attack-flow/stix/" +
			"attack-flow-schema-2.0.0.json",
		Version: "2.0.0", ExtensionTypes: []string{"new-sdo"},
	})
	b.add(stixObject{
		Type: "identity", ID: mitre, CreatedBy: mitre, Created: published, Modified: published,
		Name: "MITRE Center for Threat-Informed Defense", IdentityClass: "organization",
	})
	b.add(stixObject{
		Type: "identity", ID: evidentIdentity(), Created: published, Modified: published,
		Name: "Evident", IdentityClass: "system",
	})
	i := &b.t.Result.Incident
	b.add(stixObject{
		Type: "attack-flow", ID: b.flow, Name: plain(b.t.Title()), Scope: "incident",
		Confidence: admiralty[i.Grade], Labels: []string{"grade:" + strings.ToLower(plain(i.Grade))},
		Description: fmt.Sprintf("Reconstructed by Evident from %d of %d sealed events. Grade %s, "+
			"weakest at step %d. %d gaps are stated as notes.", i.Kept, i.Considered, plain(i.Grade),
			i.WeakestStep, len(b.t.Result.Gaps)),
		External: []stixRef{{
			SourceName: "evident", Description: "incident", ExternalID: plain(b.uid),
		}},
	})
}

// steps adds the actions, what each made possible, and the assets they act on.
func (b *stixBundle) steps() {
	r := b.t.Result
	same := map[string]int{} // steps that have the same name
	for i := range r.Steps {
		name := actionName(&r.Steps[i])
		if same[name]++; same[name] > 1 {
			name += fmt.Sprintf("|%d", same[name])
		}
		b.actions[r.Steps[i].N] = b.id("attack-action", name)
	}
	effects := map[int][]string{}
	from := causes(r)
	var start []string
	for i := range r.Steps {
		n := r.Steps[i].N
		made := 0
		for _, c := range from[n] {
			if b.actions[c] != "" {
				effects[c], made = append(effects[c], b.actions[n]), made+1
			}
		}
		if made == 0 {
			start = append(start, b.actions[n])
		}
	}
	for i := range r.Steps {
		b.action(&r.Steps[i], effects[r.Steps[i].N])
	}
	for _, host := range slices.Sorted(maps.Keys(b.assets)) {
		b.add(stixObject{
			Type: "attack-asset", ID: b.assets[host], Name: plain(host),
			Description: "Host of the incident",
		})
	}
	if len(start) == 0 { // a flow has to begin somewhere
		id := b.id("attack-condition", "nothing")
		start = []string{id}
		b.add(stixObject{
			Type: "attack-condition", ID: id, Description: "No step could be reconstructed.",
		})
	}
	for i := range b.objects {
		if b.objects[i].ID == b.flow {
			b.objects[i].StartRefs = start
		}
	}
}

// actionName holds what stays the same when a later run numbers steps otherwise.
func actionName(s *reconstruct.Step) string {
	return fmt.Sprintf("%s|%s|%s|%s|%s", s.From.UTC().Format(time.RFC3339Nano), s.Host, s.Verb,
		s.Object, firstEvent(s))
}

func (b *stixBundle) action(s *reconstruct.Step, effects []string) {
	o := stixObject{
		Type: "attack-action", ID: b.actions[s.N],
		Description: plain(s.Sentence) + " Why: " + plain(s.Why),
		Name: cmp.Or(plain(s.TechniqueName), plain(s.Technique), tacticName(plain(s.Tactic)),
			plain(s.Verb), "step"),
		TacticID: plain(s.Tactic), TechniqueID: plain(s.Technique), Start: stixAt(s.From),
		End: stixAt(s.To), EffectRefs: effects, Confidence: admiralty[s.Grade],
		Labels:   []string{"grade:" + strings.ToLower(plain(s.Grade)), fmt.Sprintf("step:%d", s.N)},
		External: eventRefs(s.Events),
	}
	if s.Host != "" {
		o.AssetRefs = []string{b.asset(s.Host)}
	}
	b.add(o)
}

func (b *stixBundle) asset(host string) string {
	if b.assets[host] == "" {
		b.assets[host] = b.id("attack-asset", host)
	}
	return b.assets[host]
}

func eventRefs(ids []event.ID) []stixRef {
	var out []stixRef
	for _, id := range ids[:min(len(ids), maxStixRefs)] {
		out = append(out, stixRef{
			SourceName: "evident", Description: "sealed event", ExternalID: id.String(),
		})
	}
	return out
}

// row adds what stands beside the steps: gaps, added steps and remarks.
func (b *stixBundle) row(i int, r *Row) {
	about := b.flow
	switch {
	case r.Gap != nil:
		b.gap(i, r.Gap)
		return
	case r.Added != nil:
		about = b.id("attack-action", r.Added.UID)
		o := stixObject{
			Type: "attack-action", ID: about, Name: plain(r.Added.Text), Confidence: admiralty[assumed],
			Description: "Added by an analyst. Reason: " + plain(r.Added.Reason),
			Start:       stixAt(r.Added.At), Labels: []string{"grade:assumed"},
			External: eventRefs(r.Added.Events),
		}
		b.add(o)
	case r.Step != nil:
		about = b.actions[r.Step.N]
	}
	for _, n := range r.Notes {
		if n.Kind != Add {
			b.note(&n, about)
		}
	}
}

func (b *stixBundle) gap(i int, g *reconstruct.Gap) {
	about := cmp.Or(b.actions[g.AfterStep], b.flow)
	content := plain(g.Text) + " Would be closed by: " + plain(g.WouldClose) + "."
	if g.Query != "" {
		content += " Query: " + plain(g.Query)
	}
	b.add(stixObject{
		Type: "note", ID: b.id("note", fmt.Sprintf("gap|%s|%s|%s|%s|%d", g.Kind, g.Host,
			g.From.UTC().Format(time.RFC3339Nano), g.Text, i)),
		Abstract: "Not known: " + plain(g.Kind), Content: content, ObjectRefs: []string{about},
		Labels: []string{"gap"},
	})
}

// note adds an overlay: a verdict is an opinion, everything else a note.
func (b *stixBundle) note(n *Note, about string) {
	o := stixObject{
		Authors: []string{plain(n.Author)}, ObjectRefs: []string{about}, Created: stixAt(n.Time),
		Modified: stixAt(n.Time), Labels: []string{string(n.Kind)},
	}
	if n.Withdrawn {
		o.Labels = append(o.Labels, "withdrawn")
	}
	switch n.Kind {
	case Confirm, Reject:
		o.Type, o.Explanation = "opinion", plain(n.Reason)
		o.Opinion = map[Kind]string{Confirm: "agree", Reject: "disagree"}[n.Kind]
	default:
		o.Type, o.Content = "note", plain(n.Says())
	}
	o.ID = b.id(o.Type, n.UID)
	b.add(o)
}
