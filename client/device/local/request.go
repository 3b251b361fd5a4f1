package local

import (
	"net/url"
	"strings"
	"unicode"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/ocf"
)

// Bounds of a request's options.
const (
	maxPath    = 255 // bytes
	maxQueries = 16
	maxQuery   = 255 // bytes of one
)

// ocfMajorVersion is the part of a content-format version (OCF Core 2.2.5 §12.2.4) that must be ours.
const ocfMajorVersion = ocf.Version1 >> 11

// request is what a resource needs to know of a message.
type request struct {
	method codes.Code
	path   string
	query  url.Values
	format uint16 // of body; 10000 where the message names none
	accept uint16 // the format wanted; 10000 where the message names none
	body   []byte
	fault  codes.Code // not 0: the message breaks the protocol, and this is the answer
}

// response is an answer. value nil: no payload.
type response struct {
	code  codes.Code
	value any
	// end says that the peer's session is to end after the answer.
	end bool
}

func (r response) isError() bool { return r.code>>5 != 2 }

// parseRequest reads a message. What breaks the protocol is told by fault.
func parseRequest(code codes.Code, options message.Options, body []byte) request {
	req := request{method: code, query: url.Values{}, format: ocf.FormatOCFCBOR, accept: ocf.FormatOCFCBOR, body: body}
	var path strings.Builder
	for _, o := range options {
		if fault := req.option(o, &path); fault != 0 {
			req.fault = fault
			break
		}
	}
	req.path = path.String()
	if req.path == "" {
		req.path = "/"
	}
	return req
}

// option reads one option and gives the code of what is wrong with it, or 0.
func (req *request) option(o message.Option, path *strings.Builder) codes.Code {
	switch o.ID {
	case message.URIPath:
		if path.Len()+1+len(o.Value) > maxPath {
			return codes.BadOption
		}
		path.WriteByte('/')
		path.Write(o.Value)
	case message.URIQuery:
		return req.addQuery(string(o.Value))
	case message.ContentFormat:
		req.format = uint16(uintValue(o.Value)) //nolint:gosec // the option has at most 2 bytes
	case message.Accept:
		req.accept = uint16(uintValue(o.Value)) //nolint:gosec // the option has at most 2 bytes
		if req.accept != ocf.FormatOCFCBOR && req.accept != ocf.FormatCBOR {
			return codes.NotAcceptable
		}
	case message.OptionID(ocf.OptionAcceptVersion):
		if uintValue(o.Value)>>11 != ocfMajorVersion {
			return codes.NotAcceptable
		}
	case message.OptionID(ocf.OptionContentVersion):
		if uintValue(o.Value)>>11 != ocfMajorVersion {
			return codes.UnsupportedMediaType
		}
	case message.ProxyURI, message.ProxyScheme:
		return codes.ProxyingNotSupported
	case message.URIHost, message.URIPort, message.Block1, message.Block2:
	default:
		if o.ID%2 == 1 { // critical, and not understood (RFC 7252 §5.4.1)
			return codes.BadOption
		}
	}
	return 0
}

func (req *request) addQuery(q string) codes.Code {
	if len(req.query) >= maxQueries || len(q) > maxQuery {
		return codes.BadOption
	}
	k, v, _ := strings.Cut(q, "=")
	req.query.Add(k, v)
	return 0
}

// options gives the options of the answer with a payload.
func (req request) options() message.Options {
	out := message.Options{{ID: message.ContentFormat, Value: uintBytes(uint32(req.accept))}}
	if req.accept == ocf.FormatOCFCBOR {
		out = append(out, message.Option{ID: message.OptionID(ocf.OptionContentVersion), Value: uintBytes(ocf.Version1)})
	}
	return out
}

// uintValue reads an option's number (RFC 7252 §3.2); of more than four bytes only the last four count.
func uintValue(value []byte) uint32 {
	var v uint32
	for _, b := range value {
		v = v<<8 | uint32(b)
	}
	return v
}

// uintBytes writes a number in the fewest bytes (RFC 7252 §3.2).
func uintBytes(v uint32) []byte {
	var out []byte
	for shift := 24; shift >= 0; shift -= 8 {
		if b := byte(v >> shift); b != 0 || len(out) > 0 { //nolint:gosec // the byte is what is wanted
			out = append(out, b)
		}
	}
	return out
}

// clip keeps what a peer sent from flooding or forging a log: at most 100 printable bytes.
func clip(s string) string {
	const most = 100
	if len(s) > most {
		s = s[:most]
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}
