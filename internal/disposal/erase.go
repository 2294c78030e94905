package disposal

import (
	"context"
	"fmt"
	"slices"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/retention"
)

// smallRest is how many bytes of originals that nothing was destroyed of are
// encrypted anew at least, so that the day's old key can go.
const smallRest = 256 << 20

// erasing is what a grave takes from the lake, by the days of the keys.
type erasing struct {
	files []lake.File // with records that are still there
	renew []string    // days of their keys
	days  []string    // days of all files that the grave touches
	bytes int64       // originals of the files
}

// eraseAll takes the grave's records out of all files. What is left of those
// days is written under new keys, and keys that no file is under any more are
// destroyed: copies of the files become unreadable, wherever they are.
func (k *Keeper) eraseAll(ctx context.Context, grave *retention.Grave) error {
	e, err := k.erasing(ctx, grave)
	if err != nil {
		return fmt.Errorf("destroy records: %w", err)
	}
	if err := k.Lake.RenewKeys(e.renew); err != nil {
		return fmt.Errorf("destroy records: %w", err)
	}
	for _, file := range e.files {
		if err := k.eraseFrom(ctx, file, grave); err != nil {
			return err
		}
	}
	if err := k.rekeyRest(ctx, e); err != nil {
		return fmt.Errorf("destroy records: %w", err)
	}
	reason := fmt.Sprintf("records destroyed under tombstone %d-0", grave.Entry)
	if _, err := k.Lake.DropKeys(ctx, e.days, reason); err != nil {
		return fmt.Errorf("destroy records: %w", err)
	}
	return nil
}

func (k *Keeper) erasing(ctx context.Context, grave *retention.Grave) (e erasing, err error) {
	for _, file := range k.Lake.Files() {
		if !grave.Touches(file.FirstEntry, file.LastEntry) {
			continue
		}
		day, err := k.Lake.KeyDay(file)
		if err != nil {
			return e, err
		}
		left, err := k.hasLeft(ctx, file, grave)
		if err != nil {
			return e, err
		}
		e.days = with(e.days, day)
		if left {
			e.files, e.renew = append(e.files, file), with(e.renew, day)
			e.bytes += file.OriginalsBytes
		}
	}
	return e, nil
}

// with adds a day to a list that has each once, "" never.
func with(days []string, day string) []string {
	if day == "" || slices.Contains(days, day) {
		return days
	}
	return append(days, day)
}

// rekeyRest encrypts anew what else is of those days, unless that is much more
// than what was destroyed: the old key then stays until compaction or another
// destruction has rewritten the rest.
func (k *Keeper) rekeyRest(ctx context.Context, e erasing) error {
	var rest []lake.File
	size := int64(0)
	for _, file := range k.Lake.Files() {
		id, err := k.Lake.KeyOf(file)
		if err != nil {
			return err
		}
		day, err := k.Lake.KeyDay(file)
		if err != nil {
			return err
		}
		if k.Lake.Replaced(id) && slices.Contains(e.days, day) {
			rest = append(rest, file)
			size += file.OriginalsBytes
		}
	}
	if size > max(smallRest, e.bytes) {
		return nil
	}
	for _, file := range rest {
		check := func(e *event.Entry) error { return k.Check(ctx, e) }
		if _, err := k.Lake.Rekey(ctx, file, check); err != nil {
			return err
		}
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
