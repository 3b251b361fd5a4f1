package dynamodb

import (
	"encoding/asn1"
	"encoding/pem"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Certificates in PEM are stored as the bytes they mean, DER one after the other: they are most of a record and of an audit
// entry, a quarter smaller so, and writes are paid by the kilobyte. Neither holds other bytes.

const (
	certificateType  = "CERTIFICATE"
	certificateBegin = "-----BEGIN " + certificateType + "-----\n"
)

// packCertificates replaces, in all of v, text that is PEM by its bytes.
func packCertificates(v types.AttributeValue) types.AttributeValue {
	return replace(v, func(v types.AttributeValue) types.AttributeValue {
		if der, ok := toDER(stringOf(v)); ok {
			return &types.AttributeValueMemberB{Value: der}
		}
		return v
	})
}

// unpackCertificates is the inverse of packCertificates.
func unpackCertificates(v types.AttributeValue) types.AttributeValue {
	return replace(v, func(v types.AttributeValue) types.AttributeValue {
		if b, ok := v.(*types.AttributeValueMemberB); ok {
			return text(toPEM(b.Value))
		}
		return v
	})
}

// toDER gives the bytes of certificates, where the text is what toPEM makes of them and nothing else.
func toDER(text string) (der []byte, ok bool) {
	if !strings.HasPrefix(text, certificateBegin) {
		return nil, false
	}
	for block, rest := pem.Decode([]byte(text)); block != nil; block, rest = pem.Decode(rest) {
		der = append(der, block.Bytes...)
	}
	return der, toPEM(der) == text
}

// toPEM gives each of the ASN.1 values as a certificate in PEM; what is none ends the text.
func toPEM(der []byte) string {
	var b strings.Builder
	for len(der) > 0 {
		var one asn1.RawValue
		rest, err := asn1.Unmarshal(der, &one)
		if err != nil {
			break
		}
		_ = pem.Encode(&b, &pem.Block{Type: certificateType, Bytes: one.FullBytes}) // a strings.Builder takes everything
		der = rest
	}
	return b.String()
}

// replace gives v with each value that holds no others replaced.
func replace(v types.AttributeValue, by func(types.AttributeValue) types.AttributeValue) types.AttributeValue {
	switch v := v.(type) {
	case *types.AttributeValueMemberM:
		m := make(item, len(v.Value))
		for name, value := range v.Value {
			m[name] = replace(value, by)
		}
		return &types.AttributeValueMemberM{Value: m}
	case *types.AttributeValueMemberL:
		l := make([]types.AttributeValue, len(v.Value))
		for i, value := range v.Value {
			l[i] = replace(value, by)
		}
		return &types.AttributeValueMemberL{Value: l}
	}
	return by(v)
}
