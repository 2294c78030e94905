package story

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/reconstruct"
)

// Rules of STIX 2.1 (common properties, note, opinion, identity) and of the
// Attack Flow extension's schema 2.0.0, as far as they concern what we write.
var (
	stixID = regexp.MustCompile(`^[a-z][a-z0-9-]+[a-z0-9]--` +
		`[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	stixMillis = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)
	stixCommon = words("type spec_version id created_by_ref created modified labels confidence " +
		"external_references extensions")
	stixTypes = map[string]struct{ has, needs []string }{
		"attack-flow": {
			words("name description scope start_refs"), words("name scope start_refs extensions"),
		},
		"attack-action": {
			words("name tactic_id technique_id description execution_start execution_end " +
				"asset_refs effect_refs"), words("name extensions"),
		},
		"attack-asset":     {words("name description"), words("name extensions")},
		"attack-condition": {words("description"), words("description extensions")},
		"identity":         {words("name identity_class"), words("name")},
		"extension-definition": {
			words("name description schema version extension_types"),
			words("name schema version extension_types created_by_ref"),
		},
		"note":    {words("abstract content authors object_refs"), words("content object_refs")},
		"opinion": {words("explanation authors opinion object_refs"), words("opinion object_refs")},
	}
	stixRefs = map[string]string{
		"created_by_ref": "identity", "start_refs": "attack-action attack-condition",
		"asset_refs": "attack-asset", "object_refs": "",
		"effect_refs": "attack-action attack-operator attack-condition",
	}
	published = []string{attackFlow, mitre}
)

func words(s string) []string { return strings.Fields(s) }

func in(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// checkSTIX holds a bundle against the rules.
func checkSTIX(text string) error {
	var bundle struct {
		Type, ID string
		Objects  []map[string]any
	}
	if err := json.Unmarshal([]byte(text), &bundle); err != nil {
		return err
	}
	if bundle.Type != "bundle" || !stixID.MatchString(bundle.ID) {
		return fmt.Errorf("bundle %q %q", bundle.Type, bundle.ID)
	}
	kinds := map[string]string{}
	flows := 0
	for _, o := range bundle.Objects {
		id, _ := o["id"].(string)
		if kinds[id] != "" {
			return fmt.Errorf("two objects are %s", id)
		}
		kinds[id], _ = o["type"].(string)
		if o["type"] == "attack-flow" {
			flows++
		}
	}
	if flows != 1 {
		return fmt.Errorf("%d attack flows", flows)
	}
	for _, o := range bundle.Objects {
		if err := checkObject(o, kinds); err != nil {
			return fmt.Errorf("%s: %w", o["id"], err)
		}
	}
	return nil
}

func checkObject(o map[string]any, kinds map[string]string) error {
	kind, _ := o["type"].(string)
	id, _ := o["id"].(string)
	rule, known := stixTypes[kind]
	if !known || o["spec_version"] != "2.1" {
		return fmt.Errorf("type %q, version %v", kind, o["spec_version"])
	}
	if !strings.HasPrefix(id, kind+"--") || !stixID.MatchString(id) && !in(published, id) {
		return fmt.Errorf("identifier")
	}
	for name := range o {
		if !in(stixCommon, name) && !in(rule.has, name) {
			return fmt.Errorf("no property %s", name)
		}
	}
	for _, name := range append(words("type spec_version id created modified"), rule.needs...) {
		if o[name] == nil || o[name] == "" {
			return fmt.Errorf("lacks %s", name)
		}
	}
	for _, name := range words("created modified execution_start execution_end") {
		if s, has := o[name].(string); has && !stixMillis.MatchString(s) {
			return fmt.Errorf("%s %q", name, s)
		}
	}
	if ext, has := o["extensions"].(map[string]any); has {
		own, _ := ext[attackFlow].(map[string]any)
		if len(ext) != 1 || own["extension_type"] != "new-sdo" {
			return fmt.Errorf("extensions %v", ext)
		}
	}
	if c, has := o["confidence"].(float64); has && (c < 0 || c > 100) {
		return fmt.Errorf("confidence %v", c)
	}
	if err := checkVocabulary(o); err != nil {
		return err
	}
	return checkRefs(o, kinds)
}

func checkVocabulary(o map[string]any) error {
	for name, allowed := range map[string][]string{
		"scope":          words("incident campaign threat-actor malware attack-tree other"),
		"opinion":        words("strongly-disagree disagree neutral agree strongly-agree"),
		"identity_class": words("individual group system organization class unknown"),
	} {
		if s, has := o[name].(string); has && !in(allowed, s) {
			return fmt.Errorf("%s %q", name, s)
		}
	}
	refs, _ := o["external_references"].([]any)
	for _, r := range refs {
		ref, _ := r.(map[string]any)
		says := ref["external_id"] != nil || ref["url"] != nil || ref["description"] != nil
		if ref["source_name"] == nil || !says {
			return fmt.Errorf("external reference %v", r)
		}
	}
	return nil
}

// checkRefs: references are of the kind that is asked for, and in the bundle.
func checkRefs(o map[string]any, kinds map[string]string) error {
	for name, allowed := range stixRefs {
		var list []any
		switch v := o[name].(type) {
		case nil:
			continue
		case []any:
			list = v
		default:
			list = []any{v}
		}
		if len(list) == 0 {
			return fmt.Errorf("%s is empty", name)
		}
		for _, r := range list {
			kind := kinds[r.(string)]
			if kind == "" || allowed != "" && !in(words(allowed), kind) {
				return fmt.Errorf("%s names %v, %q", name, r, kind)
			}
		}
	}
	return nil
}

func TestSTIXFollowsItsRules(t *testing.T) {
	for _, notes := range []string{"", "harbor.notes.json"} {
		if err := checkSTIX(written(t, "stix", readTold(t, "harbor.json", notes))); err != nil {
			t.Error(err)
		}
	}
	if err := checkSTIX(written(t, "stix", New(&reconstruct.Result{}, nil))); err != nil {
		t.Errorf("an incident without steps: %v", err)
	}
}

// TestSTIXOfAnything: any result, also one that repeats itself, is a bundle.
func TestSTIXOfAnything(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		told := New(drawResult(r), nil)
		if err := checkSTIX(written(t, "stix", told)); err != nil {
			r.Fatal(err)
		}
	})
}

// drawResult draws a small result: few hosts, verbs and events, so that they
// collide.
func drawResult(r *rapid.T) *reconstruct.Result {
	pick := func(name, of string) string { return rapid.SampledFrom(words(of)).Draw(r, name) }
	res := &reconstruct.Result{}
	res.Incident.UID, res.Incident.Grade = pick("uid", "a b"), pick("grade", "PROVEN INFERRED")
	for i := range rapid.IntRange(0, 6).Draw(r, "steps") {
		s := reconstruct.Step{
			N: i + 1, Host: pick("host", "h1 h2"), Verb: pick("verb", "wrote spawned"),
			Sentence: pick("sentence", "s1 s2 s3"), Grade: pick("grade", "PROVEN INFERRED"),
		}
		for range rapid.IntRange(1, 3).Draw(r, "events") {
			s.Events = append(s.Events, event.ID{Entry: rapid.Uint64Range(1, 5).Draw(r, "entry")})
		}
		res.Steps = append(res.Steps, s)
	}
	for _, id := range words("n1 n2 n3 n4") {
		res.Graph.Nodes = append(res.Graph.Nodes, reconstruct.Node{
			ID: id, Label: pick("label", "l1 l2"), Host: pick("host", "h1 h2"), Type: "process",
		})
	}
	for range rapid.IntRange(0, 8).Draw(r, "edges") {
		res.Graph.Edges = append(res.Graph.Edges, reconstruct.Edge{
			Src: pick("src", "n1 n2 n3 n4"), Dst: pick("dst", "n1 n2 n3 n4"),
			Verb: pick("verb", "wrote spawned"), Grade: pick("grade", "PROVEN INFERRED"),
			Step: rapid.IntRange(0, len(res.Steps)).Draw(r, "step"),
		})
	}
	for range rapid.IntRange(0, 3).Draw(r, "gaps") {
		res.Gaps = append(res.Gaps, reconstruct.Gap{
			Kind: pick("kind", "no-sensor clock"), Host: pick("host", "h1 h2"), Text: pick("text", "t1 t2"),
			AfterStep: rapid.IntRange(0, 7).Draw(r, "after"),
		})
	}
	return res
}

// TestCausesGoForward: a step is only ever made possible by an earlier one.
func TestCausesGoForward(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		for n, list := range causes(drawResult(r)) {
			for _, c := range list {
				if c >= n || c < 1 {
					r.Fatalf("step %d is caused by %d", n, c)
				}
			}
		}
	})
	told := readTold(t, "harbor.json", "")
	if got := fmt.Sprint(causes(told.Result)); got != "map[2:[1] 3:[2] 4:[3]]" {
		t.Error(got)
	}
}
