package device

import (
	"fmt"
	"slices"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/ocf"
)

// maxPayload is what the device's buffer holds (PROTOCOL §2.5), in bytes.
const maxPayload = 8192

// response is an answer that broke no rule of the transport.
type response struct {
	code      codes.Code
	payload   []byte
	hasFormat bool // Content-Format is there, and so 10000
	maxAge    time.Duration
}

// knownCritical are the critical options that the device's parser knows; any other one makes it drop the message
// (RFC 7252 §5.4.1).
var knownCritical = []message.OptionID{
	message.IfMatch, message.URIHost, message.IfNoneMatch, message.URIPort, message.URIPath, message.URIQuery, message.Accept,
	message.Block1, message.Block2, message.ProxyURI, message.ProxyScheme,
	message.OptionID(ocf.OptionAcceptVersion), message.OptionID(ocf.OptionContentVersion),
}

// checkMessage holds a received message against the device's limits (PROTOCOL §2.4, §2.5).
func checkMessage(network string, options message.Options, payload []byte) error {
	if len(payload) > maxPayload {
		return faultf(ReasonTooLarge, "payload of %d bytes, the device holds %d", len(payload), maxPayload)
	}
	for _, o := range options {
		if err := checkOption(network, o); err != nil {
			return err
		}
	}
	return nil
}

func checkOption(network string, o message.Option) error {
	switch {
	case network == networkTCP && (o.ID == message.Block1 || o.ID == message.Block2):
		return faultf(ReasonBlock, "option %v", o.ID)
	case o.ID == message.ContentFormat:
		if v := uintValue(o); v != uint32(ocf.FormatOCFCBOR) {
			return faultf(ReasonContentFormat, "content format is %d: the device drops the connection", v)
		}
	case o.ID%2 == 1 && !slices.Contains(knownCritical, o.ID):
		return faultf(ReasonCriticalOption, "option %d", uint16(o.ID))
	}
	return nil
}

// newResponse takes what a step looks at out of a checked message.
func newResponse(code codes.Code, options message.Options, payload []byte) response {
	r := response{code: code, payload: payload}
	for _, o := range options {
		switch o.ID {
		case message.ContentFormat:
			r.hasFormat = true
		case message.MaxAge:
			r.maxAge = time.Duration(uintValue(o)) * time.Second
		}
	}
	return r
}

// expect reads an answer's code as the device does (PROTOCOL §4).
func (r response) expect(step Step, want ...codes.Code) error {
	switch e := (&Error{Step: step, Code: r.code, Detail: codeText(r.code)}); {
	case slices.Contains(want, r.code):
		return r.expectPayload(step)
	case r.code == codes.ServiceUnavailable, r.code == codes.GatewayTimeout:
		e.Reason, e.Transient, e.RetryAfter = ReasonUnavailable, true, r.maxAge
		return e
	case isMapped(r.code):
		e.Reason = ReasonCode
		return e
	case r.code>>5 >= 4:
		e.Reason = ReasonUnmappedCode
		return e
	default:
		e.Reason, e.Detail = ReasonWrongCode, fmt.Sprintf("%s, want %s", e.Detail, codeText(want[0]))
		return e
	}
}

// expectPayload demands the content format on what is about to be decoded.
func (r response) expectPayload(step Step) error {
	if len(r.payload) > 0 && !r.hasFormat {
		return &Error{Step: step, Code: r.code, Reason: ReasonContentFormat, Detail: "payload without a content format"}
	}
	return nil
}

// isMapped tells whether the device knows the code for an error.
func isMapped(c codes.Code) bool {
	return slices.Contains([]codes.Code{
		codes.BadRequest, codes.Unauthorized, codes.BadOption, codes.Forbidden, codes.NotFound, codes.MethodNotAllowed,
		codes.NotAcceptable, codes.RequestEntityTooLarge, codes.UnsupportedMediaType,
		codes.InternalServerError, codes.NotImplemented, codes.BadGateway, codes.ProxyingNotSupported,
	}, c)
}

// codeText writes a code as RFC 7252 does: 4.04 NotFound.
func codeText(c codes.Code) string { return fmt.Sprintf("%d.%02d %v", c>>5, c&0x1f, c) }

// uintValue reads an unsigned option; what is longer than 4 bytes is no known value.
func uintValue(o message.Option) uint32 {
	var v uint32
	if len(o.Value) > 4 {
		return 1<<32 - 1
	}
	for _, b := range o.Value {
		v = v<<8 | uint32(b)
	}
	return v
}
