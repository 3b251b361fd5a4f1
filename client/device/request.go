package device

import (
	"crypto/rand"
	"strings"

	"github.com/fxamacker/cbor/v2"
	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/tcp/coder"

	"dps/shared/ocf"
)

// tokenSize is the device's: 8 random bytes in every request.
const tokenSize = 8

// request is what a step asks.
type request struct {
	code    codes.Code
	path    string
	payload []byte // nil for a GET
}

// get asks for a resource.
func get(path string) request { return request{code: codes.GET, path: path} }

// post sends a map in the device's encoding.
func post(path string, body pairs) (request, error) {
	payload, err := cbor.Marshal(body)
	return request{code: codes.POST, path: path, payload: payload}, err
}

// options gives the options of PROTOCOL §2.6, in the order of their numbers.
func (q request) options() message.Options {
	var out message.Options
	for segment := range strings.SplitSeq(strings.TrimPrefix(q.path, "/"), "/") {
		out = append(out, message.Option{ID: message.URIPath, Value: []byte(segment)})
	}
	if q.payload != nil {
		out = append(out, uintOption(message.ContentFormat, uint32(ocf.FormatOCFCBOR)))
	}
	out = append(out, uintOption(message.Accept, uint32(ocf.FormatOCFCBOR)))
	out = append(out, uintOption(message.OptionID(ocf.OptionAcceptVersion), ocf.Version1))
	if q.payload != nil {
		out = append(out, uintOption(message.OptionID(ocf.OptionContentVersion), ocf.Version1))
	}
	return out
}

// frame encodes a message for TCP (RFC 8323 §3.2).
func frame(m message.Message) ([]byte, error) {
	size, err := coder.DefaultCoder.Size(m)
	if err != nil {
		return nil, err
	}
	out := make([]byte, size)
	n, err := coder.DefaultCoder.Encode(m, out)
	if err != nil {
		return nil, err
	}
	return out[:n], nil
}

func newToken() message.Token {
	token := make(message.Token, tokenSize)
	_, _ = rand.Read(token) // never fails: it ends the process instead
	return token
}

// uintOption writes an unsigned option value in its shortest form (RFC 7252 §3.2).
func uintOption(id message.OptionID, v uint32) message.Option {
	value := make([]byte, 4)
	n, err := message.EncodeUint32(value, v)
	if err != nil {
		n = 0 // 4 bytes hold every uint32
	}
	return message.Option{ID: id, Value: value[:n]}
}
