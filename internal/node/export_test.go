package node

import (
	"context"
	"encoding/json"
	"time"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/disposal"
	"github.com/evident-sec/evident/internal/lake"
)

// Lake is the node's lake.
func (n *Node) Lake() *lake.Table { return n.lake }

// ForgeDocument keeps a document that KeepDocument would refuse.
func (n *Node) ForgeDocument(ctx context.Context, doc []byte) (event.ID, error) {
	raw, err := json.Marshal(auditRecord{
		Time: time.Now().UTC(), Product: "evident", Service: "audit", Operation: "destroy", Detail: string(doc),
	})
	if err != nil {
		return event.ID{}, err
	}
	return n.Keep(ctx, disposal.Source, raw)
}
