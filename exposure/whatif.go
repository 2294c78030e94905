package exposure

import "github.com/evident-sec/evident/register"

// WeightsWith returns Weights as they would be with more controls in place: a
// control that blocks takes its moves away, the others lower their band.
func (m *Model) WeightsWith(controls ...*register.Control) []float64 {
	add := make(map[string]*register.Control, len(controls))
	for _, c := range controls {
		add[c.ID] = c
	}
	return m.weights(func(v *Move) float64 { return v.weightWith(add) })
}
