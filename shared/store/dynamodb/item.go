package dynamodb

import (
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dps/shared/dps"
)

// item is what is stored under a key: the object's fields as attributes, by the names they have in JSON.
type item = map[string]types.AttributeValue

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// stringOf gives a string attribute, "" for any other.
func stringOf(v types.AttributeValue) string {
	if s, ok := v.(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

// encode gives the object's attributes. Errors: CodeInvalid, as only a time outside the years 0 to 9999 has no such form.
func encode(v any) (item, error) {
	it, err := attributevalue.MarshalMapWithOptions(v, func(o *attributevalue.EncoderOptions) {
		o.TagKey, o.EncodeTime = "json", encodeTime
	})
	if err != nil {
		return nil, dps.Wrap(dps.CodeInvalid, err, "a time in it is outside the years 0 to 9999: check the clock it is from")
	}
	return it, nil
}

func encodeTime(t time.Time) (types.AttributeValue, error) {
	value, err := t.UTC().MarshalText()
	return text(string(value)), err
}

// decode is the inverse of encode; keys and other attributes that the object does not know are left out.
func decode[T any](it item) (v T, err error) {
	err = attributevalue.UnmarshalMapWithOptions(it, &v, func(o *attributevalue.DecoderOptions) { o.TagKey = "json" })
	if err != nil {
		return v, dps.Wrap(dps.CodeInternal, err, "what is stored in the database does not decode")
	}
	return v, nil
}

// keyed gives the item that keeps the object under the kind and id. Errors: CodeInvalid.
func keyed(v any, k kind, id string) (item, error) {
	it, err := encode(v)
	if err != nil {
		return nil, err
	}
	it[PartitionKey], it[SortKey] = text(k.prefix+id), text(meta)
	return it, checkSize(k.what, it)
}

func number(n uint64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatUint(n, 10)}
}
