// Package coapstream reads and writes whole CoAP messages over a stream (CoAP over TCP, RFC 8323 §3.2), with bounds that hold
// before memory is given: for the two ends of local device access. The ingress has a framing of its own, for its peers are
// pickier.
package coapstream

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/tcp/coder"
)

// ErrTooLarge says that a message announces more bytes than the reader allows.
var ErrTooLarge = errors.New("CoAP message is too large")

// ErrMalformed says that the bytes are no message.
var ErrMalformed = errors.New("malformed CoAP message")

const (
	maxOptions = 64      // of a message; more than any honest one has
	chunk      = 4 << 10 // bytes of memory given at once
)

// Read reads one message of at most limit bytes. Errors: ErrTooLarge before the body is read, ErrMalformed, or the reader's;
// io.EOF at the border of two messages alone.
func Read(r io.Reader, limit int) (message.Message, error) {
	head := make([]byte, 1, 64)
	if _, err := io.ReadFull(r, head); err != nil {
		return message.Message{}, err
	}
	token := int(head[0] & 0x0f)
	if token > message.MaxTokenSize { // reserved: nothing behind it can be trusted
		return message.Message{}, ErrMalformed
	}
	extended, base := extendedLength(head[0] >> 4)
	data, err := more(r, head, extended+1)
	if err != nil {
		return message.Message{}, err
	}
	length := int(head[0] >> 4)
	if extended > 0 {
		var ext [8]byte
		copy(ext[8-extended:], data[1:1+extended])
		length = int(binary.BigEndian.Uint64(ext[:])) + base //nolint:gosec // at most 4 bytes
	}
	if len(data)+token+length > limit {
		return message.Message{}, ErrTooLarge
	}
	if data, err = more(r, data, token+length); err != nil {
		return message.Message{}, err
	}
	return decode(data)
}

// Encode writes one message. Errors: ErrMalformed where the message cannot be encoded.
func Encode(m message.Message) ([]byte, error) {
	size, err := coder.DefaultCoder.Size(m)
	if err != nil {
		return nil, errors.Join(ErrMalformed, err)
	}
	data := make([]byte, size)
	n, err := coder.DefaultCoder.Encode(m, data)
	if err != nil {
		return nil, errors.Join(ErrMalformed, err)
	}
	return data[:n], nil
}

func decode(data []byte) (message.Message, error) {
	m := message.Message{Options: make(message.Options, 0, maxOptions)}
	n, err := coder.DefaultCoder.Decode(data, &m)
	if err != nil || n != len(data) {
		return message.Message{}, ErrMalformed
	}
	return m, nil
}

// extendedLength gives how many bytes extend a length nibble, and what they are added to.
func extendedLength(nibble byte) (bytes, base int) {
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

// more appends n bytes of r, a chunk at a time: a peer that announces much and sends little costs little.
func more(r io.Reader, data []byte, n int) ([]byte, error) {
	for n > 0 {
		k := min(n, chunk)
		start := len(data)
		data = append(data, make([]byte, k)...)
		if _, err := io.ReadFull(r, data[start:]); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		n -= k
	}
	return data, nil
}
