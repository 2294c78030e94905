package disposal

import (
	"context"
	"fmt"
	"slices"
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

// eraseAll takes the grave's records out of all files. What is left of those
// days is written under new keys, and keys that no file is under any more are
// destroyed: copies of the files become unreadable, wherever they are.
func (k *Keeper) eraseAll(ctx context.Context, grave *retention.Grave) error {
	var files []lake.File
	var days, renew []string
	for _, file := range k.Lake.Files() {
		if !grave.Touches(file.FirstEntry, file.LastEntry) {
			continue
		}
		day, err := k.Lake.KeyDay(file)
		if err != nil {
			return fmt.Errorf("destroy records: %w", err)
		}
		left, err := k.hasLeft(ctx, file, grave)
		if err != nil {
			return err
		}
		if day != "" && !slices.Contains(days, day) {
			days = append(days, day)
		}
		if left {
			files = append(files, file)
		}
		if left && day != "" && !slices.Contains(renew, day) {
			renew = append(renew, day)
		}
	}
	if err := k.Lake.RenewKeys(renew); err != nil {
		return fmt.Errorf("destroy records: %w", err)
	}
	for _, file := range files {
		if err := k.eraseFrom(ctx, file, grave); err != nil {
			return err
		}
	}
	_, err := k.Lake.DropKeys(ctx, days, fmt.Sprintf("records destroyed under tombstone %d-0", grave.Entry))
	if err != nil {
		return fmt.Errorf("destroy records: %w", err)
	}
	return nil
}

// hasLeft reports whether a file still has records of the grave.
func (k *Keeper) hasLeft(ctx context.Context, file lake.File, grave *retention.Grave) (bool, error) {
	left := false
	for e, err := range k.Lake.Entries(ctx, file) {
		if err != nil {
			return false, fmt.Errorf("destroy records: %w", err)
		}
		for i := range e.Records {
			left = left || e.Records[i].Erased == nil &&
				grave.Covers(event.ID{Entry: e.Seq, Leaf: uint32(i)})
		}
	}
	return left, nil
}

// eraseFrom takes the grave's records out of one file.
func (k *Keeper) eraseFrom(ctx context.Context, file lake.File, grave *retention.Grave) error {
	check := func(e *event.Entry) error { return k.Check(ctx, e) }
	_, err := k.Lake.Erase(ctx, file, check, func(id event.ID) uint64 {
		if grave.Covers(id) {
			return grave.Entry
		}
		return 0
	})
	return err
}
