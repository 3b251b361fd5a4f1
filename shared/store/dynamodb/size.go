package dynamodb

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dps/shared/dps"
)

// maxItemSize is DynamoDB's bound on an item, names and values, in bytes (Developer Guide, "Quotas").
const maxItemSize = 400 << 10

// checkSize refuses what DynamoDB would refuse, and says what to shorten. Errors: CodeInvalid.
func checkSize(what string, it item) error {
	size := itemSize(it)
	if size <= maxItemSize {
		return nil
	}
	return dps.Errorf(dps.CodeInvalid, "%s: has %d bytes in the database, at most %d are allowed: shorten %s", what, size, maxItemSize, largest(it))
}

// largest gives the path of the attribute that takes most room.
func largest(it item) (path string) {
	var top types.AttributeValue
	most := -1
	for name, v := range it {
		if n := valueSize(v); n > most {
			path, top, most = name, v, n
		}
	}
	if m, ok := top.(*types.AttributeValueMemberM); ok && len(m.Value) > 0 {
		return path + "." + largest(m.Value)
	}
	return path
}

// itemSize follows the Developer Guide, "DynamoDB item sizes and formats".
func itemSize(it item) (n int) {
	for name, v := range it {
		n += len(name) + valueSize(v)
	}
	return n
}

func valueSize(v types.AttributeValue) int {
	const (
		number   = 21 // at most
		document = 3
		element  = 1
	)
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return len(v.Value)
	case *types.AttributeValueMemberB:
		return len(v.Value)
	case *types.AttributeValueMemberN:
		return min(number, len(v.Value)/2+2)
	case *types.AttributeValueMemberM:
		return document + element*len(v.Value) + itemSize(v.Value)
	case *types.AttributeValueMemberL:
		n := document + element*len(v.Value)
		for _, e := range v.Value {
			n += valueSize(e)
		}
		return n
	}
	return 1 // a boolean or nothing; this package stores no sets
}
