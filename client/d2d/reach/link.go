package reach

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"strings"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/ocf"
)

// request is what is asked of a device.
type request struct {
	method codes.Code
	href   string
	query  []string
	body   []byte // CBOR; nil: none
}

// answer is what it says.
type answer struct {
	code   codes.Code
	format uint16 // of body
	body   []byte
}

// link is a connection to a device on which one request at a time is answered.
type link interface {
	// exchange sends the request and gives the answer. Errors: errClosed where the device has closed the link, before it
	// answered; the context's; errAnswer. After an error the link is of no use.
	exchange(ctx context.Context, q request) (answer, error)
	// open tells whether the link can be used again.
	open() bool
	// close ends the link, and everything that served it.
	close()
}

var (
	errClosed = errors.New("connection is closed")
	errAnswer = errors.New("answer is malformed or too large")
)

// options gives the options of a request, in the order of their numbers.
func (q request) options() message.Options {
	var o message.Options
	for part := range strings.SplitSeq(strings.Trim(q.href, "/"), "/") {
		o = append(o, message.Option{ID: message.URIPath, Value: []byte(part)})
	}
	if q.body != nil {
		o = append(o, uintOption(message.ContentFormat, uint32(ocf.FormatOCFCBOR)))
	}
	for _, v := range q.query {
		o = append(o, message.Option{ID: message.URIQuery, Value: []byte(v)})
	}
	o = append(o, uintOption(message.Accept, uint32(ocf.FormatOCFCBOR)),
		uintOption(message.OptionID(ocf.OptionAcceptVersion), ocf.Version1))
	if q.body != nil {
		o = append(o, uintOption(message.OptionID(ocf.OptionContentVersion), ocf.Version1))
	}
	return o
}

// newAnswer reads what matters of a message.
func newAnswer(code codes.Code, options message.Options, body []byte) answer {
	a := answer{code: code, format: ocf.FormatOCFCBOR, body: body}
	if f, err := options.ContentFormat(); err == nil {
		a.format = uint16(f)
	}
	return a
}

// uintOption is an option whose value is a number in the fewest bytes (RFC 7252 §3.2).
func uintOption(id message.OptionID, v uint32) message.Option {
	var value []byte
	for shift := 24; shift >= 0; shift -= 8 {
		if b := byte(v >> shift); b != 0 || len(value) > 0 { //nolint:gosec // the byte is what is wanted
			value = append(value, b)
		}
	}
	return message.Option{ID: id, Value: value}
}

func newToken() message.Token {
	t := make(message.Token, message.MaxTokenSize)
	_, _ = rand.Read(t) // crypto/rand.Read never fails: it ends the process instead
	return t
}

// isAlert tells whether the device refused with a fatal TLS or DTLS alert.
func isAlert(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "remote error" { // crypto/tls
		return true
	}
	var alert interface {
		error
		IsFatalOrCloseNotify() bool // pion/dtls
	}
	return errors.As(err, &alert) && !strings.Contains(alert.Error(), "CloseNotify")
}
