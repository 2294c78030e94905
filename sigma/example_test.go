package sigma_test

import (
	"fmt"
	"log"
	"testing/fstest"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/sigma"
)

func Example() {
	rules := fstest.MapFS{"rules/whoami.yml": {Data: []byte(`
title: Whoami Execution
id: 00000000-0000-0000-0000-000000000001
author: Evident
logsource: {category: process_creation, product: windows}
detection:
  selection:
    Image|endswith: '\whoami.exe'
  condition: selection
level: low
tags: [attack.discovery, attack.t1033]
`)}}
	rs, err := sigma.LoadFS(rules, "rules")
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range rs.Rejected {
		log.Printf("%s:%d: %s", r.File, r.Line, r.Reason)
	}
	mapping, err := sigma.ParseLogsources([]byte(`
version: 1
sources:
  - logsource: {product: windows, category: process_creation}
    events:
      - when: {Channel: Security, EventID: 4688}
        fields: {Image: NewProcessName}
`))
	if err != nil {
		log.Fatal(err)
	}
	plan, err := sigma.Compile(rs, mapping)
	if err != nil {
		log.Fatal(err)
	}
	ev := event.Event{Native: event.Fields{
		{Name: "Channel", Value: event.Value{Kind: event.String, Text: "Security"}},
		{Name: "EventID", Value: event.Value{Kind: event.Number, Text: "4688"}},
		{Name: "NewProcessName", Value: event.Value{Kind: event.String, Text: `C:\Windows\System32\WHOAMI.EXE`}},
	}}
	for _, m := range plan.Matcher().Match(&ev) {
		fmt.Println(m.Rule.Level, m.Rule.Title, m.Rule.Techniques(), m.Fields)
	}
	// Output:
	// low Whoami Execution [T1033] [{NewProcessName C:\Windows\System32\WHOAMI.EXE}]
}
