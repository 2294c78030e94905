package sqlguard

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"time"
)

// Plain turns a value that DuckDB gave into nil, a string, bool, int64, float64
// or time; lists and structures become text, bytes hex.
func Plain(v any) any {
	switch v := v.(type) {
	case nil, string, bool, int64, float64:
		return v
	case time.Time:
		return v.UTC()
	case int8:
		return int64(v)
	case int16:
		return int64(v)
	case int32:
		return int64(v)
	case uint8:
		return int64(v)
	case uint16:
		return int64(v)
	case uint32:
		return int64(v)
	case float32:
		return float64(v)
	case *big.Int:
		if v.IsInt64() {
			return v.Int64()
		}
		return v.String()
	case []byte:
		return hex.EncodeToString(v)
	case interface{ Float64() float64 }: // decimals
		return v.Float64()
	}
	return fmt.Sprint(v)
}
