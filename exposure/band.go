package exposure

import (
	"math"
	"slices"

	"github.com/evident-sec/evident/register"
)

// bands from easy to hard.
var bands = []register.Band{register.Likely, register.Possible, register.Unlikely, register.Remote}

// ease orders paths: a move in a harder band weighs more than two in the one
// before it. The numbers are ordinal; see docs/exposure.md.
var ease = []float64{.8, .4, .1, .02}

// step returns the band that many steps harder (or easier, below 0).
func step(b register.Band, by int) register.Band {
	i := slices.Index(bands, b)
	if i < 0 {
		i = 0
	}
	return bands[min(max(i+by, 0), len(bands)-1)]
}

// weightOf is the length of a move for the search of the most likely path.
func weightOf(b register.Band) float64 { return -math.Log(ease[max(slices.Index(bands, b), 0)]) }

// BandOf returns the band of a path whose moves weigh that much together, its
// foothold included.
func BandOf(weight float64) register.Band {
	p := math.Exp(-weight)
	switch {
	case p >= .3:
		return register.Likely
	case p >= .05:
		return register.Possible
	case p >= .005:
		return register.Unlikely
	}
	return register.Remote
}

// Sight is how visible a move is to us.
type Sight string

// The sights from hidden to plain.
const (
	Hidden  Sight = "hidden"
	Faint   Sight = "faint"
	Visible Sight = "visible"
	Plain   Sight = "plain"
)

// seen orders moves by the chance of being noticed; ordinal as ease is.
var seen = map[Sight]float64{Hidden: .02, Faint: .1, Visible: .4, Plain: .8}

func sightWeight(s Sight) float64 { return -math.Log(1 - seen[s]) }

// clearer returns the sight one step plainer.
func clearer(s Sight) Sight {
	switch s {
	case Hidden:
		return Faint
	case Faint:
		return Visible
	}
	return Plain
}
