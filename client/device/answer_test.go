package device_test

import (
	"github.com/fxamacker/cbor/v2"
	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/tcp/coder"

	"dps/shared/ocf"
)

// m is a CBOR map.
type m = map[string]any

// answer is what the peer says, with a knob for everything that can be wrong in it.
type answer struct {
	code    codes.Code
	body    any    // encoded; nil: payload as it is
	payload []byte // where body is nil
	format  uint16 // 0: none
	options message.Options
	token   message.Token // nil: the request's
	records func(whole []byte) [][]byte
	silent  bool
	hangUp  bool
}

func content(body any) answer {
	return answer{code: codes.Content, body: body, format: ocf.FormatOCFCBOR}
}
func changed(body any) answer {
	return answer{code: codes.Changed, body: body, format: ocf.FormatOCFCBOR}
}
func coded(c codes.Code) answer { return answer{code: c} }

// with gives the answer with another body.
func (a answer) with(body any) answer {
	a.body = body
	return a
}

// field gives the answer with one field of its map set; nil removes it.
func (a answer) field(key string, value any) answer {
	body := m{}
	for k, v := range a.body.(m) {
		body[k] = v
	}
	body[key] = value
	if value == nil {
		delete(body, key)
	}
	return a.with(body)
}

// message gives the answer as a CoAP message.
func (a answer) message(tok message.Token) message.Message {
	out := message.Message{Code: a.code, Token: tok, Payload: a.payload}
	if a.token != nil {
		out.Token = a.token
	}
	if a.body != nil {
		data, err := cbor.Marshal(a.body)
		if err != nil {
			panic(err)
		}
		out.Payload = data
	}
	if a.format != 0 {
		out.Options, _, _ = out.Options.SetUint32(make([]byte, 4), message.ContentFormat, uint32(a.format))
	}
	for _, o := range a.options {
		out.Options = out.Options.Add(o)
	}
	return out
}

// wire gives the TLS records of the answer over TCP.
func (a answer) wire(tok message.Token) [][]byte {
	whole := encode(a.message(tok))
	if a.records != nil {
		return a.records(whole)
	}
	return [][]byte{whole}
}

func encode(msg message.Message) []byte {
	size, err := coder.DefaultCoder.Size(msg)
	if err != nil {
		panic(err)
	}
	out := make([]byte, size)
	if _, err := coder.DefaultCoder.Encode(msg, out); err != nil {
		panic(err)
	}
	return out
}
