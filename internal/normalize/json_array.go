package normalize

import "github.com/evident-sec/evident/event"

// array reads a list. Scalars make one List under name. Objects (and lists)
// inside are read with name as their path and then merged into lists by path.
func (sc *jsonScanner) array(name string) error {
	if err := sc.enter(); err != nil {
		return err
	}
	start, first, list := len(sc.out), len(sc.mem.stack), sc.trail.at
	if sc.peek() == ']' {
		sc.pos++
		sc.depth--
		return sc.emitList(name, first)
	}
	for {
		if err := sc.item(name, list); err != nil {
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
	if len(sc.mem.stack) == first {
		return nil
	}
	return sc.emitList(name, first)
}

// emitList adds a list of the values on the stack from first on.
func (sc *jsonScanner) emitList(name string, first int) error {
	if err := sc.emit(name, event.List, ""); err != nil {
		return err
	}
	sc.out[len(sc.out)-1].Value.Items = sc.mem.keepItems(first)
	return nil
}

// item reads one member of a list: a scalar goes on the stack, anything else is
// emitted under name.
func (sc *jsonScanner) item(name string, list *step) error {
	c := sc.peek()
	if c == '{' || c == '[' {
		sc.trail.member(list)
		return sc.value(name)
	}
	if sc.values++; sc.values > maxValues {
		return sc.fail("too many values")
	}
	v := event.Value{Kind: event.String}
	var err error
	if c == '"' {
		v.Text, err = sc.text()
	} else {
		v, err = sc.scalar(c)
	}
	sc.mem.stack = append(sc.mem.stack, v)
	return err
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
