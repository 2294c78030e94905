package node

import (
	"context"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/reconstruct"
)

// maxRemembered bounds the events that one grouping holds in memory, about
// 1 kB each; what goes beyond is read again.
const maxRemembered = 250_000

// remembered serves many reconstructions over the same days: what one of them
// read, the next does not read again. It belongs to one goroutine and one
// grouping, because it does not see events that arrive meanwhile.
type remembered struct {
	events
	days map[dayKey][]event.Event
	held int
}

// dayKey is one question about one day: skeleton, one host, one address or one
// session.
type dayKey struct {
	day      time.Time
	question string
}

func newRemembered(n *Node) *remembered {
	return &remembered{events: events{n}, days: make(map[dayKey][]event.Event)}
}

// Each asks day by day and host by host, which the order of visits may show;
// reconstruction sorts what it is given.
func (m *remembered) Each(ctx context.Context, q reconstruct.Query, visit func(*event.Event) error) error {
	if len(q.Hosts) <= 1 {
		return m.eachDay(ctx, q, visit)
	}
	for _, host := range q.Hosts {
		one := q
		one.Hosts = []string{host}
		if err := m.eachDay(ctx, one, visit); err != nil {
			return err
		}
	}
	return nil
}

func (m *remembered) eachDay(ctx context.Context, q reconstruct.Query, visit func(*event.Event) error) error {
	for day := q.From.Truncate(24 * time.Hour); day.Before(q.To); day = day.Add(24 * time.Hour) {
		list, err := m.day(ctx, q, day)
		if err != nil {
			return err
		}
		for i := range list {
			at := list[i].Time
			if at.Before(q.From) || !at.Before(q.To) {
				continue
			}
			if err := visit(&list[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *remembered) day(ctx context.Context, q reconstruct.Query, day time.Time) ([]event.Event, error) {
	q.From, q.To = day, day.Add(24*time.Hour)
	key := dayKey{day, queryText(q)}
	if list, ok := m.days[key]; ok {
		return list, nil
	}
	var list []event.Event
	err := m.events.Each(ctx, q, func(ev *event.Event) error {
		list = append(list, *ev)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if m.held += len(list); m.held <= maxRemembered {
		m.days[key] = list
	} else {
		m.held -= len(list)
	}
	return list, nil
}
