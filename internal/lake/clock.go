package lake

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/apache/iceberg-go/table"
)

// begin returns the table for a transaction that stores the facts, nil for none.
func (t *iceTable) begin(facts note) (*table.Table, error) {
	if err := t.followClock(time.Now()); err != nil {
		return nil, err
	}
	return table.New(ident(), t.tbl.Metadata(), t.tbl.MetadataLocation(), syncedIO,
		&committer{t, facts}), nil
}

// followClock makes the next snapshot possible after the clock was set back: Iceberg
// takes none that is older than the last. Times of the metadata that are in the
// future become now, in memory; the commit writes them.
func (t *iceTable) followClock(now time.Time) error {
	meta, limit := t.tbl.Metadata(), now.UnixMilli()
	if meta.LastUpdatedMillis() <= limit {
		return nil
	}
	raw, err := json.Marshal(meta)
	if err != nil {
		return fmt.Errorf("encode metadata: %w", err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return fmt.Errorf("read metadata: %w", err)
	}
	if all["last-updated-ms"], err = earlier(all["last-updated-ms"], limit); err != nil {
		return err
	}
	for _, list := range []string{"snapshots", "snapshot-log", "metadata-log"} {
		if len(all[list]) == 0 {
			continue
		}
		if all[list], err = earlierIn(all[list], limit); err != nil {
			return err
		}
	}
	if raw, err = json.Marshal(all); err != nil {
		return fmt.Errorf("encode metadata: %w", err)
	}
	if meta, err = table.ParseMetadataBytes(raw); err != nil {
		return fmt.Errorf("read metadata: %w", err)
	}
	t.log.Warn("lake: the clock was set back; times of snapshots in the future become now")
	t.tbl = table.New(ident(), meta, t.tbl.MetadataLocation(), syncedIO, nil)
	return nil
}

// earlierIn limits the times of a list of snapshots or of log entries.
func earlierIn(raw json.RawMessage, limit int64) (json.RawMessage, error) {
	var list []map[string]json.RawMessage
	err := json.Unmarshal(raw, &list)
	for i := range list {
		if err == nil {
			list[i]["timestamp-ms"], err = earlier(list[i]["timestamp-ms"], limit)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read times of metadata: %w", err)
	}
	return json.Marshal(list)
}

func earlier(raw json.RawMessage, limit int64) (json.RawMessage, error) {
	var at int64
	if err := json.Unmarshal(raw, &at); err != nil {
		return nil, fmt.Errorf("read time of metadata: %w", err)
	}
	return json.Marshal(min(at, limit))
}
