package api

import (
	"fmt"
	"strconv"
	"time"

	"github.com/evident-sec/evident/internal/node"
)

// witnessStage says whether a quorum of witnesses cosigns; nothing waits for
// them, so that only this tells.
func witnessStage(w *node.Witnesses) stage {
	if w == nil {
		return stage{"Witnesses", "ok", "none", "nobody outside cosigns the checkpoints"}
	}
	good, trouble := 0, ""
	for _, one := range w.Witnesses {
		if one.Trouble == "" {
			good++
		} else if trouble == "" || one.Alarm {
			trouble = one.Name + ": " + one.Trouble
		}
	}
	out := stage{
		"Witnesses", map[string]string{"cosigned": "ok", "behind": "warn", "alarm": "fail"}[w.State],
		strconv.FormatInt(w.Size, 10),
		fmt.Sprintf("entries cosigned, %d of %d witnesses answer", good, len(w.Witnesses)),
	}
	if trouble != "" {
		out.Detail = trouble
	}
	return out
}

// cosignature is a witness's, in a proof.
type cosignature struct {
	Witness string    `json:"witness"`
	Time    time.Time `json:"time"`
}

// cosigned says who cosigned a proof's checkpoint, and what the proof does not
// show then.
func (a *API) cosigned(checkpoint []byte) (by []cosignature, shown []string) {
	by = []cosignature{}
	sigs, quorum := a.node.Cosigned(checkpoint)
	for _, sig := range sigs {
		by = append(by, cosignature{sig.Witness, sig.Time})
	}
	if quorum {
		return by, limits[:len(limits)-1] // without oneParty, the last
	}
	return by, limits
}

// witnessAlarms counts the witnesses that contradict the ledger.
func witnessAlarms(w *node.Witnesses) (n int) {
	if w == nil {
		return 0
	}
	for _, one := range w.Witnesses {
		if one.Alarm {
			n++
		}
	}
	return n
}

// witnessed is how many entries a quorum cosigned; -1 without witnesses.
func witnessed(w *node.Witnesses) int64 {
	if w == nil {
		return -1
	}
	return w.Size
}
