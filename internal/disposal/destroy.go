package disposal

import (
	"context"
	"fmt"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/retention"
)

// Destroy destroys what an approved plan lists: the tombstone is sealed first,
// then columns, bytes and salts go, and what was derived from them. It refuses
// records that are not due, or held, now. Interrupted, it is simply run again.
func (k *Keeper) Destroy(ctx context.Context, caller string, approved []byte, now time.Time,
) (*retention.Grave, error) {
	reg, err := k.Register(ctx)
	if err != nil {
		return nil, err
	}
	grave := begun(reg, approved)
	if grave == nil {
		if grave, err = k.bury(ctx, reg, caller, approved, now); err != nil {
			return nil, err
		}
	}
	if err := k.eraseAll(ctx, grave); err != nil {
		return nil, err
	}
	hosts, err := k.hostsLeft(ctx)
	if err != nil {
		return nil, err
	}
	if err := k.State.Forget(ctx, grave.Covers, hosts); err != nil {
		return nil, err
	}
	return grave, nil
}

// hostsLeft returns the hosts that the lake has events of.
func (k *Keeper) hostsLeft(ctx context.Context) (map[string]bool, error) {
	hosts := map[string]bool{}
	for _, file := range k.Lake.Files() {
		scan, err := k.Lake.OpenScan(file)
		if err != nil {
			return nil, fmt.Errorf("list hosts: %w", err)
		}
		for g := range scan.Groups() {
			var texts *lake.Texts
			rows, err := scan.Rows(g)
			if err == nil {
				texts, err = scan.Load(g, rows, event.AttrHost.String())
			}
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				scan.Close()
				return nil, fmt.Errorf("list hosts: %w", err)
			}
			for _, host := range texts.Values {
				hosts[host] = true
			}
		}
		scan.Close()
	}
	return hosts, nil
}

// begun returns the tombstone that was written for the plan already.
func begun(reg *retention.Register, approved []byte) *retention.Grave {
	for _, g := range reg.Graves() {
		if g.Approved == string(approved) {
			return g
		}
	}
	return nil
}

// bury checks the plan once more and seals its tombstone.
func (k *Keeper) bury(ctx context.Context, reg *retention.Register, caller string, approved []byte,
	now time.Time,
) (*retention.Grave, error) {
	grave, err := reg.Approved(approved)
	if err != nil {
		return nil, fmt.Errorf("destroy records: %w", err)
	}
	survey, err := k.Survey(ctx, now)
	if err != nil {
		return nil, err
	}
	if err := grave.Within(survey.Plan); err != nil {
		return nil, fmt.Errorf("destroy records: %w", err)
	}
	d := retention.Document{
		Time: now.UTC(), Tombstone: &retention.Tombstone{Approved: string(approved), By: caller},
	}
	text, err := d.Text()
	if err != nil {
		return nil, err
	}
	id, err := k.keep(ctx, "destroy", caller, []byte(text))
	if err != nil {
		return nil, err
	}
	if reg, err = k.Register(ctx); err != nil {
		return nil, err
	}
	if grave = reg.Grave(id.Entry); grave == nil {
		return nil, fmt.Errorf("destroy records: tombstone %s does not count: %v", id, reg.Faults())
	}
	return grave, nil
}
