package coapserver

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/tcp/coder"

	"dps/shared/ocf"
)

// What the device can take (PROTOCOL §2): nothing shorter, nothing longer.
const (
	minMessage = 6    // bytes; an empty CSM of 2 bytes corrupts the device's heap
	maxMessage = 8373 // bytes, in one TLS record
)

// optionPadding is an elective option of the experimental range (RFC 7252 §12.2, RFC 8323 §11.2) that nobody understands
// and everybody skips: it lifts a message without a token over minMessage.
const optionPadding message.OptionID = 65000

// maxOptions bounds the options of a received message.
const maxOptions = 32

var (
	errTooLarge  = errors.New("message exceeds apis.coap.maxMessageSize")
	errMalformed = errors.New("malformed CoAP message")
)

// readMessage reads one message (RFC 8323 §3.2) into buf, growing it only as bytes arrive, and decodes it. The message
// points into the returned buffer. Errors: errTooLarge before anything of the body is read, errMalformed, or the reader's.
func readMessage(r io.Reader, first byte, buf []byte, limit int) (message.Message, []byte, error) {
	var m message.Message
	buf = append(buf[:0], first)
	if first&0x0f > message.MaxTokenSize { // reserved (RFC 8323 §3.2): nothing behind it can be trusted
		return m, buf, errMalformed
	}
	extended, base := lengthBytes(first >> 4)
	buf, err := readMore(r, buf, extended+1)
	if err != nil {
		return m, buf, err
	}
	length := int(first >> 4)
	if extended > 0 {
		var ext [8]byte
		copy(ext[8-extended:], buf[1:1+extended])
		length = int(binary.BigEndian.Uint64(ext[:])) + base //nolint:gosec // at most 4 bytes
	}
	rest := int(first&0x0f) + length
	if len(buf)+rest > limit {
		return m, buf, errTooLarge
	}
	if buf, err = readMore(r, buf, rest); err != nil {
		return m, buf, err
	}
	m.Options = make(message.Options, 0, maxOptions)
	n, err := coder.DefaultCoder.Decode(buf, &m)
	if err != nil || n != len(buf) {
		return m, buf, errMalformed
	}
	return m, buf, nil
}

// lengthBytes gives how many bytes extend a length nibble, and what they are added to.
func lengthBytes(nibble byte) (bytes, base int) {
	switch nibble {
	case 13:
		return 1, coder.MessageLength13Base
	case 14:
		return 2, coder.MessageLength14Base
	case 15:
		return 4, coder.MessageLength15Base
	default:
		return 0, 0
	}
}

// readMore appends n bytes of r, a chunk at a time: a peer that announces much and sends little costs little.
func readMore(r io.Reader, buf []byte, n int) ([]byte, error) {
	const chunk = 4 << 10
	for n > 0 {
		k := min(n, chunk)
		start := len(buf)
		buf = append(buf, make([]byte, k)...)
		if _, err := io.ReadFull(r, buf[start:]); err != nil {
			return buf[:start], err
		}
		n -= k
	}
	return buf, nil
}

// appendMessage encodes m for the device: at least minMessage bytes, and no content format but where it belongs.
func appendMessage(buf []byte, m message.Message) ([]byte, error) {
	size, err := coder.DefaultCoder.Size(m)
	if err != nil {
		return buf, err
	}
	if size < minMessage {
		m.Options = append(m.Options, message.Option{ID: optionPadding, Value: make([]byte, minMessage-size)})
		if size, err = coder.DefaultCoder.Size(m); err != nil {
			return buf, err
		}
	}
	if size > maxMessage {
		return buf, errTooLarge
	}
	start := len(buf)
	buf = append(buf, make([]byte, size)...)
	n, err := coder.DefaultCoder.Encode(m, buf[start:])
	if err != nil {
		return buf[:start], err
	}
	return buf[:start+n], nil
}

// responseMessage turns a response into its message.
func responseMessage(token message.Token, r Response) message.Message {
	m := message.Message{Code: r.Code, Token: token}
	if r.Code == codes.ServiceUnavailable && r.MaxAge > 0 {
		m.Options = append(m.Options, uintOption(message.MaxAge, r.MaxAge))
	}
	if r.Code>>5 != 2 || len(r.Body) == 0 {
		return m
	}
	m.Payload = r.Body
	m.Options = append(m.Options, uintOption(message.ContentFormat, uint32(r.Format)))
	if r.Format == ocf.FormatOCFCBOR {
		m.Options = append(m.Options, uintOption(message.OptionID(ocf.OptionContentVersion), ocf.Version1))
	}
	return m
}

// capabilities is the CSM (RFC 8323 §5.3) that opens every connection. Its two options make it long enough.
func capabilities(maxMessageSize int) message.Message {
	return message.Message{Code: codes.CSM, Options: message.Options{
		uintOption(message.TCPMaxMessageSize, uint32(maxMessageSize)), //nolint:gosec // configuration bounds it
		{ID: message.TCPBlockWiseTransfer},
	}}
}

// discovery is the GET for the peer's local endpoints.
func discovery(token message.Token) message.Message {
	return message.Message{Code: codes.GET, Token: token, Options: message.Options{
		{ID: message.URIPath, Value: []byte("oic")},
		{ID: message.URIPath, Value: []byte("res")},
		{ID: message.URIQuery, Value: []byte("rt=oic.wk.d")},
		uintOption(message.Accept, uint32(ocf.FormatOCFCBOR)),
		uintOption(message.OptionID(ocf.OptionAcceptVersion), ocf.Version1),
	}}
}

// uintOption is an option whose value is a number in the fewest bytes (RFC 7252 §3.2).
func uintOption(id message.OptionID, v uint32) message.Option {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], v)
	i := 0
	for i < 4 && b[i] == 0 {
		i++
	}
	return message.Option{ID: id, Value: b[i:]}
}
