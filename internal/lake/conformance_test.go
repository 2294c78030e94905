package lake_test

import (
	"context"
	"testing"

	"github.com/evident-sec/evident/internal/lake"
	"github.com/evident-sec/evident/internal/lake/laketest"
)

func TestConformance(t *testing.T) {
	laketest.Run(t, func(dir string, sealEvents int) (laketest.Lake, error) {
		return lake.Open(context.Background(), lake.Config{Dir: dir, SealEvents: sealEvents})
	})
}
