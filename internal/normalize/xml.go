package normalize

import (
	"strings"

	"github.com/evident-sec/evident/event"
)

// decodeEventXML appends the fields of a Windows event in XML, either the whole
// <Event> or only its <EventData>. System values get plain names, attributes
// are joined with "_" (Provider_Name), Data elements are named by their Name
// and unnamed ones gather in the list Data. ok is false where s is no such XML.
// Schema: https://learn.microsoft.com/windows/win32/wes/eventschema-schema
func decodeEventXML(s string, out event.Fields) (_ event.Fields, ok bool) {
	w := xmlWalker{out: out}
	for len(s) > 0 && w.elements < maxXMLElements {
		open := strings.IndexByte(s, '<')
		if open < 0 {
			break
		}
		text := s[:open]
		end := strings.IndexByte(s[open:], '>')
		if end < 0 {
			break
		}
		w.tag(text, s[open+1:open+end])
		s = s[open+end+1:]
	}
	if len(w.unnamed) > 0 {
		w.add("Data", event.Value{Kind: event.List, Items: w.unnamed})
	}
	return w.out, w.elements > 0
}

// Bounds on one event in XML.
const (
	maxXMLElements = 4096
	maxXMLFields   = 8192
)

// xmlWalker keeps where it is: the names of the open elements.
type xmlWalker struct {
	out      event.Fields
	stack    []string
	name     string // Name attribute of the open Data element
	leaf     bool   // the last tag opened an element
	elements int
	unnamed  []event.Value
}

// tag handles one tag and the text before it.
func (w *xmlWalker) tag(text, tag string) {
	if tag == "" || tag[0] == '?' || tag[0] == '!' {
		return
	}
	if tag[0] == '/' {
		if w.leaf {
			w.value(text)
		}
		if len(w.stack) > 0 {
			w.stack = w.stack[:len(w.stack)-1]
		}
		w.leaf = false
		return
	}
	w.elements++
	closed := strings.HasSuffix(tag, "/")
	name, attrs, _ := cutByte(strings.TrimSuffix(tag, "/"), ' ')
	w.name = ""
	w.attributes(name, attrs)
	if closed || len(w.stack) >= maxDepth {
		w.leaf = false
		return
	}
	w.stack = append(w.stack, name)
	w.leaf = true
}

// attributes reads k="v" pairs. Those of System's elements become fields.
func (w *xmlWalker) attributes(element, s string) {
	for {
		name, rest, ok := cutByte(strings.TrimLeft(s, " \r\n\t"), '=')
		if !ok || rest == "" || rest[0] != '"' && rest[0] != '\'' {
			return
		}
		end := strings.IndexByte(rest[1:], rest[0])
		if end < 0 {
			return
		}
		value := xmlText(rest[1 : 1+end])
		s = rest[end+2:]
		switch {
		case element == "Data" && name == "Name":
			w.name = value
		case w.in("System"):
			w.add(element+"_"+name, textValue(value))
		}
	}
}

func (w *xmlWalker) in(element string) bool {
	for _, name := range w.stack {
		if name == element {
			return true
		}
	}
	return false
}

// value handles the text of a leaf element.
func (w *xmlWalker) value(text string) {
	element := w.stack[len(w.stack)-1]
	text = xmlText(text)
	switch {
	case element == "Data" && w.name != "":
		w.add(w.name, textValue(text))
	case element == "Data":
		w.unnamed = append(w.unnamed, textValue(text))
	case w.in("System") || w.in("UserData") || w.in("EventData"):
		if strings.TrimSpace(text) != "" {
			w.add(element, textValue(text))
		}
	}
}

func (w *xmlWalker) add(name string, v event.Value) {
	if len(name) <= maxNameBytes && len(w.out) < maxXMLFields {
		w.out = append(w.out, event.Field{Name: name, Value: v})
	}
}

// xmlText decodes the five entities and the two line break references that
// event XML uses.
func xmlText(s string) string {
	if strings.IndexByte(s, '&') < 0 {
		return s
	}
	return xmlEntities.Replace(s)
}

var xmlEntities = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&apos;", "'",
	"&#13;", "\r", "&#10;", "\n", "&#xD;", "\r", "&#xA;", "\n", "&#9;", "\t", "&amp;", "&")
