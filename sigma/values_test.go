package sigma_test

import (
	"slices"
	"testing"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/sigma"
)

const valuesMapping = `
version: "1"
aliases:
  SourceName: [Provider_Name]
sources:
  - logsource: {product: windows, category: process_creation}
    events:
      - when: {Channel: Security, EventID: "4688"}
        fields: {Image: NewProcessName, User: [SubjectUserName, TargetUserName]}
      - when: {Channel: Sysmon, EventID: "1"}
`

const valuesRule = `
title: Any process
logsource: {product: windows, category: process_creation}
detection:
  selection: {Image|endswith: .exe}
  condition: selection
`

func text(s string) event.Value { return event.Value{Kind: event.String, Text: s} }

// TestValues wants a rule's fields as the kind of event calls them.
func TestValues(t *testing.T) {
	set := new(sigma.Loader).Parse("rule.yml", []byte(valuesRule))
	ls, err := sigma.ParseLogsources([]byte(valuesMapping))
	if err != nil || len(set.Rejected) > 0 {
		t.Fatal(err, set.Rejected)
	}
	plan, err := sigma.Compile(set, ls)
	if err != nil {
		t.Fatal(err)
	}
	m := plan.Matcher()
	security := event.Fields{
		{Name: "Channel", Value: text("Security")},
		{Name: "EventID", Value: event.Value{Kind: event.Number, Text: "4688"}},
		{Name: "NewProcessName", Value: text("C:\\a.exe")},
		{Name: "TargetUserName", Value: text("bob")},
		{Name: "Image", Value: text("not the renamed one")},
		{Name: "Provider Name", Value: text("x")},
		{Name: "Provider_Name", Value: text("y")},
		{Name: "Empty", Value: text("")},
		{Name: "Null", Value: event.Value{Kind: event.Null}},
		{Name: "List", Value: event.Value{Kind: event.List, Items: []event.Value{
			text("one"), {Kind: event.Null}, {Kind: event.List, Items: []event.Value{text("two")}},
		}}},
	}
	sysmon := event.Fields{
		{Name: "Channel", Value: text("Sysmon")},
		{Name: "EventID", Value: event.Value{Kind: event.Number, Text: "1"}},
		{Name: "Image", Value: text("C:\\b.exe")},
		{Name: "NewProcessName", Value: text("C:\\other.exe")},
		{Name: "User", Value: text("ann")},
	}
	for _, c := range []struct {
		native event.Fields
		field  string
		want   []string
	}{
		{security, "Image", []string{"C:\\a.exe"}},
		{security, "User", []string{"bob"}},
		{security, "EventID", []string{"4688"}},
		{security, "SourceName", []string{"y"}},
		{security, "Provider Name", []string{"x"}},
		{security, "Empty", []string{""}},
		{security, "Null", nil},
		{security, "Nothing", nil},
		{security, "List", []string{"one", "two"}},
		{sysmon, "Image", []string{"C:\\b.exe"}},
		{sysmon, "User", []string{"ann"}},
		{security, "User", []string{"bob"}}, // what one kind has does not stick to the other
	} {
		matches := m.Match(&event.Event{Native: c.native})
		if len(matches) != 1 {
			t.Fatalf("%d matches, want one", len(matches))
		}
		if got := m.Values(matches[0].Rule, c.field); !slices.Equal(got, c.want) {
			t.Errorf("%s is %q, want %q", c.field, got, c.want)
		}
	}
}
