package node

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/evident-sec/evident/internal/ledger"
	"github.com/evident-sec/evident/proof"
)

// Outside is what somebody keeps apart from the data folder. Whoever rewrites
// the whole folder, keys included, cannot rewrite these.
type Outside struct {
	Pin    []byte        // a signed checkpoint that was seen earlier; nil: none
	Policy *proof.Policy // whose keys and witnesses are believed; nil: the folder's own key
}

// Quorum says what the witnesses of a policy have cosigned.
type Quorum struct {
	Entries   int64     `json:"entries"`
	Time      time.Time `json:"time"` // of the newest cosignature, by the witness's clock
	Witnesses []string  `json:"witnesses"`
}

// check returns the check of the ledger against o.
func (o Outside) check(v *verifier) func(context.Context) error {
	return func(ctx context.Context) error {
		if o.Pin != nil {
			o.pin(ctx, v)
		}
		if o.Policy != nil {
			o.policy(ctx, v)
		}
		return nil
	}
}

func (o Outside) pin(ctx context.Context, v *verifier) {
	err := v.n.ledger.CheckPin(ctx, o.Pin)
	var fault *ledger.Fault
	switch {
	case errors.As(err, &fault) && fault.Seq > 0:
		v.fail("rollback", "pinned checkpoint", "%v", fault.Err)
	case errors.As(err, &fault):
		v.fail("history", "pinned checkpoint", "%v", fault.Err)
	}
}

func (o Outside) policy(ctx context.Context, v *verifier) {
	if signed, err := v.n.ledger.Checkpoint(ctx); err == nil {
		if _, err := o.Policy.OpenUnwitnessed(signed); err != nil {
			v.fail("key", "checkpoint", "not by a log of the policy: %v", err)
			return
		}
	}
	if !o.Policy.Quorum() {
		return
	}
	signed, err := v.n.ledger.Witnessed()
	if errors.Is(err, fs.ErrNotExist) {
		v.fail("witness", "checkpoint", "none was ever cosigned by the quorum")
		return
	}
	if err != nil {
		v.fail("witness", "cosigned checkpoint", "%v", err)
		return
	}
	head, err := o.Policy.Open(signed)
	if err != nil {
		v.fail("witness", "cosigned checkpoint", "%v", err)
		return
	}
	v.out.Witnessed = &Quorum{Entries: head.Size}
	for _, sig := range head.Cosigned {
		v.out.Witnessed.Witnesses = append(v.out.Witnessed.Witnesses, sig.Witness)
		if sig.Time.After(v.out.Witnessed.Time) {
			v.out.Witnessed.Time = sig.Time
		}
	}
}

// Cosigned returns who of the configured witnesses cosigned a checkpoint, and
// whether that is a quorum.
func (n *Node) Cosigned(signed []byte) (by []proof.Cosignature, quorum bool) {
	return n.ledger.Cosigned(signed)
}

// Witnesses says how the checkpoints fare with the witnesses.
type Witnesses struct {
	State string `json:"state"` // cosigned, behind or alarm
	ledger.Witnessing
}

// witnesses returns nil where none are configured. sealed is the ledger's size.
func (n *Node) witnesses(sealed uint64) *Witnesses {
	w, ok := n.ledger.Witnessing()
	if !ok {
		return nil
	}
	out := &Witnesses{State: "cosigned", Witnessing: w}
	if uint64(w.Size) < sealed && time.Since(w.Kept) > behindAfter {
		out.State = "behind"
	}
	for _, one := range w.Witnesses {
		if one.Alarm {
			out.State = "alarm"
		}
	}
	return out
}
