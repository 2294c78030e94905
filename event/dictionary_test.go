package event_test

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/evident-sec/evident/event"
)

// TestDictionary checks that every attribute is described, once, under a path
// that can be typed in a query and name a lake column.
func TestDictionary(t *testing.T) {
	path := regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$`)
	seen := map[string]bool{}
	all := event.Dictionary()
	if len(all) != int(event.NumAttrs) {
		t.Fatalf("%d attributes, NumAttrs is %d", len(all), event.NumAttrs)
	}
	for i, info := range all {
		attr := event.Attr(i)
		if !path.MatchString(info.Path) {
			t.Errorf("attribute %d: path %q", i, info.Path)
		}
		if seen[info.Path] {
			t.Errorf("%s is there twice", info.Path)
		}
		seen[info.Path] = true
		if info.Caption == "" || strings.ContainsAny(info.Caption, "\n\t") {
			t.Errorf("%s: caption %q", info.Path, info.Caption)
		}
		if info.Person && !info.Identifier {
			t.Errorf("%s names a person and joins nothing", info.Path)
		}
		got, ok := event.Lookup(info.Path)
		if !ok || got != attr || attr.String() != info.Path || attr.Info() != info {
			t.Errorf("%s: Lookup = %v, %v", info.Path, got, ok)
		}
	}
	for name := range seen {
		// A path that is the parent of another cannot be a column beside it in
		// readers that nest on dots.
		for other := range seen {
			if strings.HasPrefix(other, name+".") {
				t.Errorf("%s is the parent of %s", name, other)
			}
		}
	}
	if _, ok := event.Lookup("no.such"); ok {
		t.Error("Lookup finds what is not there")
	}
	all[0].Path = "changed"
	if event.Dictionary()[0].Path == "changed" {
		t.Error("the dictionary can be changed from outside")
	}
}

func TestAttributesSetGet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var attrs event.Attributes
		want := map[event.Attr]string{}
		for range rapid.IntRange(0, 30).Draw(t, "sets") {
			attr := event.Attr(rapid.IntRange(0, int(event.NumAttrs)-1).Draw(t, "attr"))
			want[attr] = rapid.String().Draw(t, "text")
			attrs.Set(attr, want[attr])
		}
		if len(attrs) != len(want) {
			t.Fatalf("%d attributes, %d were set", len(attrs), len(want))
		}
		for attr := range event.NumAttrs {
			if attrs.Get(attr) != want[attr] {
				t.Fatalf("%v = %q, want %q", attr, attrs.Get(attr), want[attr])
			}
		}
	})
}

func TestClasses(t *testing.T) {
	for _, uid := range []uint32{
		event.ClassFile, event.ClassProcess, event.ClassAuth, event.ClassNetwork, event.ClassFinding,
	} {
		if c := event.ClassInfo(uid); c.UID != uid || c.Name == "" || c.Category == "" {
			t.Errorf("class %d: %+v", uid, c)
		}
	}
	if c := event.ClassInfo(99); c.UID != 0 || c.ActivityName(1) == "" || c.ActivityName(0) != "Unknown" {
		t.Errorf("unknown class: %+v", c)
	}
}

func TestIDText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := event.ID{
			Entry: rapid.Uint64Range(1, 1<<63-1).Draw(t, "entry"),
			Leaf:  rapid.Uint32Range(0, 1<<31-1).Draw(t, "leaf"),
		}
		got, err := event.ParseID(id.String())
		if err != nil || got != id {
			t.Fatalf("ParseID(%s) = %v, %v", id, got, err)
		}
		if id.Before(id) || !id.Before(event.ID{Entry: id.Entry, Leaf: id.Leaf + 1}) {
			t.Fatal("order")
		}
	})
	for _, bad := range []string{"", "-", "1", "1-", "-1", "0-1", "1-x", "1--1", "9223372036854775808-0", "1-2147483648"} {
		if id, err := event.ParseID(bad); err == nil {
			t.Errorf("ParseID(%q) = %v", bad, id)
		}
	}
}
