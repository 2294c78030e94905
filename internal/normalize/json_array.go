package normalize

import "github.com/evident-sec/evident/event"

// array reads a list. Scalars make one List under name. Objects (and lists)
// inside are read with name as their path and then merged into lists by path.
func (sc *jsonScanner) array(name string) error {
	if err := sc.enter(); err != nil {
		return err
	}
	items := []event.Value{}
	start := len(sc.out)
	if sc.peek() == ']' {
		sc.pos++
		sc.depth--
		return sc.emit(name, event.Value{Kind: event.List, Items: items})
	}
	for {
		var err error
		if items, err = sc.item(name, items); err != nil {
			return err
		}
		done, err := sc.next(']')
		if err != nil {
			return err
		}
		if done {
			break
		}
	}
	if len(sc.out) > start {
		sc.merge(start)
	}
	if len(items) == 0 {
		return nil
	}
	return sc.emit(name, event.Value{Kind: event.List, Items: items})
}

// item reads one member of a list: a scalar joins items, anything else is
// emitted under name.
func (sc *jsonScanner) item(name string, items []event.Value) ([]event.Value, error) {
	c := sc.peek()
	if c == '{' || c == '[' {
		return items, sc.value(name)
	}
	if sc.values++; sc.values > maxValues {
		return items, sc.fail("too many values")
	}
	if c == '"' {
		text, err := sc.text()
		return append(items, event.Value{Kind: event.String, Text: text}), err
	}
	v, err := sc.scalar(c)
	return append(items, v), err
}

// merge joins the fields from start on by name, in order of first appearance;
// each becomes a List.
func (sc *jsonScanner) merge(start int) {
	at := make(map[string]int, len(sc.out)-start)
	end := start
	for _, f := range sc.out[start:] {
		i, seen := at[f.Name]
		if !seen {
			i = end
			at[f.Name] = i
			sc.out[end] = event.Field{Name: f.Name, Value: event.Value{Kind: event.List}}
			end++
		}
		list := &sc.out[i].Value
		if f.Value.Kind == event.List {
			list.Items = append(list.Items, f.Value.Items...)
		} else {
			list.Items = append(list.Items, f.Value)
		}
	}
	sc.out = sc.out[:end]
}
