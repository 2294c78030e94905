package node

import (
	"context"

	"github.com/evident-sec/evident/internal/cloudtrail"
	"github.com/evident-sec/evident/internal/sourceseal"
)

// CheckCloudTrail checks the log files of CloudTrail below the paths by the digest
// files beside them, and seals the verdict as a record. The report is nil where
// there is no digest.
func (n *Node) CheckCloudTrail(ctx context.Context, keys cloudtrail.Keys, paths []string) (*cloudtrail.Report, error) {
	r, err := sourceseal.CheckTrail(ctx, keys, paths)
	if err != nil || r == nil {
		return nil, err
	}
	return r, n.writeSeal(ctx, sourceseal.Trail(r, paths))
}
