package lake

import (
	"fmt"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/iceberg-go"

	"github.com/evident-sec/evident/event"
)

// kind is the type of a column, in Parquet and in Iceberg.
type kind uint8

const (
	kindInt kind = iota
	kindLong
	kindTime
	kindText
)

// column describes one column of the events table.
type column struct {
	name     string
	kind     kind
	required bool
	bloom    bool
}

// Names of the columns that every event has; the others are the paths of
// event.Dictionary.
const (
	ColEntry    = "entry"              // journal entry, int64
	ColLeaf     = "leaf"               // 0-based leaf in the entry, int32
	ColTime     = "time"               // event time, timestamp in microseconds UTC
	ColReceived = "received"           // arrival, timestamp in microseconds UTC
	ColClass    = "class_uid"          // OCSF class_uid, int32
	ColActivity = "activity_id"        // OCSF activity_id, int32
	ColSeverity = "severity_id"        // OCSF severity_id, int32
	ColProduct  = "logsource.product"  // Sigma log source, text
	ColService  = "logsource.service"  // Sigma log source, text
	ColCategory = "logsource.category" // Sigma log source, text
	ColProblem  = "problem"            // why the record was not decoded, text
	numFixed    = 11                   // how many of the above
	through     = "evident.through"    // snapshot summary: last committed entry
	firstColumn = "evident.first"      // snapshot summary: first entry it added
	mappingKey  = "evident.mapping"    // file metadata: Config.Mapping
	fieldID     = "PARQUET:field_id"   // Arrow field metadata that becomes the Parquet field id
	mergeCount  = "commit.manifest.min-count-to-merge"
	keepHistory = "write.metadata.previous-versions-max"
)

// columns lists the columns in file order.
func columns() []column {
	cols := make([]column, 0, numFixed+int(event.NumAttrs))
	cols = append(cols,
		column{ColEntry, kindLong, true, false}, column{ColLeaf, kindInt, true, false},
		column{ColTime, kindTime, true, false}, column{ColReceived, kindTime, true, false},
		column{ColClass, kindInt, true, false}, column{ColActivity, kindInt, true, false},
		column{ColSeverity, kindInt, true, false}, column{ColProduct, kindText, false, false},
		column{ColService, kindText, false, false}, column{ColCategory, kindText, false, false},
		column{ColProblem, kindText, false, false})
	for _, a := range event.Dictionary() {
		k := kindText
		if a.Type == event.TypeInt {
			k = kindLong
		}
		cols = append(cols, column{a.Path, k, false, a.Identifier})
	}
	return cols
}

// arrowSchema returns the Arrow schema of the columns with their field ids.
func arrowSchema(cols []column, ids map[string]int) *arrow.Schema {
	fields := make([]arrow.Field, len(cols))
	for i, c := range cols {
		meta := arrow.NewMetadata([]string{fieldID}, []string{strconv.Itoa(ids[c.name])})
		fields[i] = arrow.Field{
			Name: c.name, Type: c.kind.arrow(), Nullable: !c.required, Metadata: meta,
		}
	}
	return arrow.NewSchema(fields, nil)
}

func (k kind) arrow() arrow.DataType {
	switch k {
	case kindInt:
		return arrow.PrimitiveTypes.Int32
	case kindLong:
		return arrow.PrimitiveTypes.Int64
	case kindTime:
		return arrow.FixedWidthTypes.Timestamp_us
	default:
		return arrow.BinaryTypes.String
	}
}

func (k kind) iceberg() iceberg.Type {
	switch k {
	case kindInt:
		return iceberg.PrimitiveTypes.Int32
	case kindLong:
		return iceberg.PrimitiveTypes.Int64
	case kindTime:
		return iceberg.PrimitiveTypes.TimestampTz
	default:
		return iceberg.PrimitiveTypes.String
	}
}

// icebergSchema returns the same schema in Iceberg's terms.
func icebergSchema(cols []column, ids map[string]int) *iceberg.Schema {
	fields := make([]iceberg.NestedField, len(cols))
	for i, c := range cols {
		fields[i] = iceberg.NestedField{
			ID: ids[c.name], Name: c.name, Type: c.kind.iceberg(), Required: c.required,
		}
	}
	return iceberg.NewSchema(0, fields...)
}

// sameColumns says what a stored schema lacks or has otherwise, "" when it
// serves all columns.
func sameColumns(stored *iceberg.Schema, cols []column, ids map[string]int) string {
	for _, c := range cols {
		f, ok := stored.FindFieldByID(ids[c.name])
		if !ok || f.Name != c.name || !f.Type.Equals(c.kind.iceberg()) {
			return fmt.Sprintf("column %s is new", c.name)
		}
	}
	return ""
}

// originalsSchema is the schema of the originals files. Every field is
// required; only an entry's first record carries the entry's schema, the others
// have the empty text. Files with erased records have two fields more: the
// record's leaf hash and the entry of its tombstone, 0 for records that are
// there; salt and raw of an erased record are zeros and empty.
func originalsSchema(erased bool) *arrow.Schema {
	fields := []arrow.Field{
		{Name: ColEntry, Type: arrow.PrimitiveTypes.Int64},
		{Name: ColLeaf, Type: arrow.PrimitiveTypes.Int32},
		{Name: "position", Type: arrow.PrimitiveTypes.Int64},
		{Name: "salt", Type: &arrow.FixedSizeBinaryType{ByteWidth: len(event.Salt{})}},
		{Name: "raw", Type: arrow.BinaryTypes.Binary},
		{Name: "source", Type: arrow.BinaryTypes.Binary},
		{Name: "format", Type: arrow.BinaryTypes.Binary},
		{Name: "schema", Type: arrow.BinaryTypes.Binary},
		{Name: ColReceived, Type: arrow.FixedWidthTypes.Timestamp_ns},
		{Name: "batch", Type: &arrow.FixedSizeBinaryType{ByteWidth: len(event.BatchID{})}},
		{Name: "check", Type: arrow.PrimitiveTypes.Int64},
	}
	if erased {
		fields = append(fields,
			arrow.Field{Name: colLeafHash, Type: &arrow.FixedSizeBinaryType{ByteWidth: 32}},
			arrow.Field{Name: colTombstone, Type: arrow.PrimitiveTypes.Int64})
	}
	return arrow.NewSchema(fields, nil)
}

const (
	colLeafHash  = "leaf_hash"
	colTombstone = "tombstone"
)
