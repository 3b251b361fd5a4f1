package device

import (
	"io"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/tcp/coder"
)

// The device's limits over TCP (PROTOCOL §2), in bytes.
const (
	minMessage   = 6    // what is shorter is read past the end of its buffer
	maxMessage   = 8373 // of a message, and of the TLS record that carries it
	maxTLSRecord = 16 << 10
	maxOptions   = 64 // more than any honest message has
)

// frameReader reads CoAP messages as the device does: one TLS record at a time, and one message from it.
type frameReader struct {
	conn   io.Reader // one Read gives bytes of one record alone, as crypto/tls does
	record []byte
	buf    []byte // of the message under way; survives a timeout
}

func newFrameReader(conn io.Reader) *frameReader {
	return &frameReader{conn: conn, record: make([]byte, maxTLSRecord)}
}

// next gives the next message. Errors: a fault, or the connection's.
func (f *frameReader) next() (message.Message, error) {
	for {
		done, err := f.complete()
		if err != nil {
			return message.Message{}, err
		}
		if done {
			data := f.buf
			f.buf = nil
			return decodeFrame(data)
		}
		n, err := f.conn.Read(f.record)
		if n > maxMessage {
			return message.Message{}, faultf(ReasonTooLarge, "TLS record of %d bytes, the device holds %d", n, maxMessage)
		}
		f.buf = append(f.buf, f.record[:n]...)
		if err != nil && n == 0 {
			return message.Message{}, err
		}
	}
}

// complete tells whether buf holds a whole message, as soon as its header says how long it is.
func (f *frameReader) complete() (bool, error) {
	size, known := frameSize(f.buf)
	switch {
	case !known:
		return false, nil
	case size < minMessage:
		return false, faultf(ReasonTinyMessage, "message of %d bytes would corrupt the device's heap, want at least %d", size, minMessage)
	case size > maxMessage:
		return false, faultf(ReasonTooLarge, "message of %d bytes, the device holds %d", size, maxMessage)
	case uint64(len(f.buf)) > size:
		return false, faultf(ReasonSecondMessage, "%d bytes follow the message of %d bytes: the device never reads them",
			uint64(len(f.buf))-size, size)
	}
	return uint64(len(f.buf)) == size, nil
}

// frameSize gives the size of a whole message from its first bytes (RFC 8323 §3.2), and false while they do not suffice.
func frameSize(b []byte) (uint64, bool) {
	if len(b) == 0 {
		return 0, false
	}
	length, extended := uint64(b[0]>>4), 0
	switch length {
	case 13:
		length, extended = coder.MessageLength13Base, 1
	case 14:
		length, extended = coder.MessageLength14Base, 2
	case 15:
		length, extended = coder.MessageLength15Base, 4
	}
	if len(b) < 1+extended {
		return 0, false
	}
	var ext uint64
	for _, c := range b[1 : 1+extended] {
		ext = ext<<8 | uint64(c)
	}
	tokenLength := uint64(b[0] & 0x0f)
	return 1 + uint64(extended) + 1 + tokenLength + length + ext, true
}

// decodeFrame decodes one whole message and holds it against the device's limits.
func decodeFrame(data []byte) (message.Message, error) {
	m := message.Message{Options: make(message.Options, 0, maxOptions)}
	if _, err := coder.DefaultCoder.Decode(data, &m); err != nil {
		return m, faultf(ReasonMalformed, "%d bytes: %w", len(data), err)
	}
	if isSignal(m.Code) {
		return m, nil // its options have numbers and meanings of their own (RFC 8323 §5.2)
	}
	return m, checkMessage(networkTCP, m.Options, m.Payload)
}
