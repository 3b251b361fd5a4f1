package coapserver

import (
	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/ocf"
)

// maxPath bounds the path of a request; the longest one served has 42 bytes.
const maxPath = 255

// ocfMajorVersion is the part of an OCF content-format version (OCF Core 1.3 §12.2.4) that must be ours.
const ocfMajorVersion = ocf.Version1 >> 11

// parseRequest reads what a step needs from a message. What breaks the protocol is told by Fault: the session records it.
func parseRequest(code codes.Code, options message.Options, body []byte) Request {
	req := Request{Method: code, Format: ocf.FormatOCFCBOR, Accept: ocf.FormatOCFCBOR, Body: body}
	path := make([]byte, 0, 64)
	for _, o := range options {
		switch o.ID {
		case message.URIPath:
			if len(path)+1+len(o.Value) > maxPath {
				return fault(req, codes.BadOption)
			}
			path = append(append(path, '/'), o.Value...)
		case message.ContentFormat:
			req.Format = uint16(uintValue(o.Value)) //nolint:gosec // the option has at most 2 bytes
		case message.Accept:
			req.Accept = uint16(uintValue(o.Value)) //nolint:gosec // the option has at most 2 bytes
		case message.OptionID(ocf.OptionAcceptVersion):
			if uintValue(o.Value)>>11 != ocfMajorVersion {
				req.Fault = codes.NotAcceptable
			}
		case message.OptionID(ocf.OptionContentVersion):
			if uintValue(o.Value)>>11 != ocfMajorVersion {
				req.Fault = codes.UnsupportedMediaType
			}
		case message.Block1, message.Block2:
			if !isSingleBlock(o.Value) { // over UDP, the library has put blocks together before this point
				req.Fault = codes.BadOption
			}
		case message.ProxyURI, message.ProxyScheme:
			req.Fault = codes.ProxyingNotSupported
		case message.URIHost, message.URIPort, message.URIQuery:
		default:
			if o.ID%2 == 1 { // critical, and not understood (RFC 7252 §5.4.1)
				req.Fault = codes.BadOption
			}
		}
	}
	req.Path = string(path)
	if req.Path == "" {
		req.Path = "/"
	}
	return req
}

func fault(req Request, code codes.Code) Request {
	req.Fault = code
	return req
}

// isStrayBlock tells whether a message continues a block-wise transfer: the library keeps those of transfers that it knows, so that
// this one's is over, such as a repeated request for the last block. It is no request of its own, and must not become the step's
// result (RFC 7959 §2.9.2).
func isStrayBlock(options message.Options) bool {
	for _, id := range []message.OptionID{message.Block1, message.Block2} {
		if v, err := options.GetBytes(id); err == nil && uintValue(v)>>4 > 0 {
			return true
		}
	}
	return false
}

// isSingleBlock tells whether a block option says "the first, and no more": number 0, more flag unset (RFC 7959 §2.2).
func isSingleBlock(value []byte) bool { return uintValue(value)&^7 == 0 }

// uintValue reads an option's number (RFC 7252 §3.2); of more than four bytes only the last four count.
func uintValue(value []byte) uint32 {
	var v uint32
	for _, b := range value {
		v = v<<8 | uint32(b)
	}
	return v
}
