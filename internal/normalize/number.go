package normalize

// numbering gives every field that the mapping asks for a number, so that a
// record's names are compared once and not for each question.
type numbering map[string]int32

func (n numbering) of(field string) int32 {
	id, ok := n[field]
	if !ok {
		id = int32(len(n))
		n[field] = id
	}
	return id
}

func (n numbering) sources(list []*source) {
	for _, s := range list {
		n.conditions(s.when)
		n.logs(&s.logs)
		n.expression(s.severity)
		n.expression(s.key)
		for i := range s.clocks {
			c := &s.clocks[i]
			c.id, c.localID, c.utcID = n.of(c.field), n.of(c.seenLocal), n.of(c.seenUTC)
		}
		for _, field := range s.original {
			s.originalIDs = append(s.originalIDs, n.of(field))
		}
		n.targets(s.base)
		for _, rules := range s.exact {
			n.rules(rules)
		}
		for i := range s.prefixes {
			n.rules(s.prefixes[i].rules)
		}
		n.rules(s.rest)
	}
}

func (n numbering) rules(list []*rule) {
	for _, r := range list {
		n.conditions(r.when)
		n.logs(&r.logs)
		n.expression(r.activityBy)
		n.targets(r.attrs)
	}
}

func (n numbering) conditions(list []condition) {
	for i := range list {
		list[i].id = n.of(list[i].field)
	}
}

func (n numbering) logs(l *logsource) {
	n.expression(l.product)
	n.expression(l.service)
	n.expression(l.category)
}

func (n numbering) targets(list []target) {
	for i := range list {
		for _, e := range list[i].alternatives {
			n.expression(e)
		}
	}
}

func (n numbering) expression(e *expression) {
	if e == nil {
		return
	}
	if e.field != "" {
		e.id = n.of(e.field)
	}
	for i := range e.parts {
		n.expression(e.parts[i].expr)
	}
}
