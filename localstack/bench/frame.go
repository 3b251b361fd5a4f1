package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/tcp/coder"
)

// maxFrame bounds a message, in bytes: what the real device takes (PROTOCOL §2.5).
const maxFrame = 8373

var errFrame = errors.New("not a CoAP message of at most 8373 bytes")

// frame is one CoAP message over TCP (RFC 8323 §3.2), looked at just as far as matching an answer needs.
type frame struct {
	raw   []byte
	code  codes.Code
	token []byte // part of raw
}

// readFrame reads the message that begins with first into buf, which must hold maxFrame bytes. It points into buf.
func readFrame(r io.Reader, first byte, buf []byte) (frame, error) {
	buf[0] = first
	extended := extendedLength(first)
	head := 2 + extended
	if _, err := io.ReadFull(r, buf[1:head]); err != nil {
		return frame{}, err
	}
	tokenLength := int(first & 0x0f)
	size := head + tokenLength + bodyLength(buf[:head])
	if tokenLength > message.MaxTokenSize || size > maxFrame {
		return frame{}, errFrame
	}
	if _, err := io.ReadFull(r, buf[head:size]); err != nil {
		return frame{}, err
	}
	return frame{raw: buf[:size], code: codes.Code(buf[head-1]), token: buf[head : head+tokenLength]}, nil
}

// extendedLength is how many bytes extend the length nibble of a message's first byte.
func extendedLength(first byte) int {
	switch first >> 4 {
	case 13:
		return 1
	case 14:
		return 2
	case 15:
		return 4
	default:
		return 0
	}
}

// bodyLength is the length of options and payload that a message's head announces.
func bodyLength(head []byte) int {
	switch head[0] >> 4 {
	case 13:
		return int(head[1]) + coder.MessageLength13Base
	case 14:
		return int(binary.BigEndian.Uint16(head[1:])) + coder.MessageLength14Base
	case 15:
		return int(min(binary.BigEndian.Uint32(head[1:]), 1<<20)) + coder.MessageLength15Base
	default:
		return int(head[0] >> 4)
	}
}

// tokenOffset is where the token of an encoded message stands.
func tokenOffset(raw []byte) int { return 2 + extendedLength(raw[0]) }

func encodeFrame(m message.Message) ([]byte, error) {
	size, err := coder.DefaultCoder.Size(m)
	if err != nil {
		return nil, err
	}
	raw := make([]byte, size)
	n, err := coder.DefaultCoder.Encode(m, raw)
	if err != nil {
		return nil, fmt.Errorf("message cannot be encoded: %w", err)
	}
	return raw[:n], nil
}
