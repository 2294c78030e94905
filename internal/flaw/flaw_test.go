package flaw_test

import (
	"testing"

	"github.com/evident-sec/evident/internal/flaw"
)

func TestList(t *testing.T) {
	var l flaw.List
	for i := range flaw.Max + 7 {
		l.Add(i%2 == 0, "chunk 1", "number %d", i)
	}
	all := l.All()
	if len(all) != flaw.Max+1 || all[0] != (flaw.Problem{Where: "chunk 1", Text: "number 0", Lost: true}) {
		t.Fatalf("%d problems, the first %+v", len(all), all[0])
	}
	if last := all[flaw.Max]; last.Text != "7 more problems are not listed" {
		t.Errorf("the last is %+v", last)
	}
	l.Add(true, "", "one more")
	if got := l.All()[flaw.Max].Text; got != "8 more problems are not listed" {
		t.Errorf("after one more: %s", got)
	}
	var other flaw.List
	other.Add(true, "", "first")
	other.Join(&l)
	if all := other.All(); other.Len() != flaw.Max+9 || len(all) != flaw.Max+1 || all[0].Text != "first" ||
		all[flaw.Max].Text != "9 more problems are not listed" {
		t.Errorf("joined: %d, %d listed, the first %+v", other.Len(), len(all), all[0])
	}
}
