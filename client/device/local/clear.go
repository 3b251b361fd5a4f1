package local

import (
	"crypto/rand"
	"encoding/binary"
	"net"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/udp/coder"

	"dps/shared/ocf"
)

// Bounds of plain CoAP, where anybody can send anything under any address: it keeps nothing between two datagrams.
const (
	maxDatagram = 1500 // bytes
	maxOptions  = 32
	blockSize   = 1024 // bytes of a block; RFC 7959 §2.2, SZX 6
	blockSZX    = 6
)

// serveClear answers plain CoAP over UDP until the socket is closed. What came by multicast is answered from the device's own
// socket. One at a time: nothing here waits.
func (s *Server) serveClear(conn *net.UDPConn, multicast bool) {
	buf := make([]byte, maxDatagram+1)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		if n > maxDatagram {
			continue
		}
		if out := s.datagram(buf[:n], multicast); out != nil {
			_, _ = s.clear.WriteToUDPAddrPort(out, from) // lost is lost: the client asks again
		}
	}
}

// datagram gives the answer to one datagram; nil: none.
func (s *Server) datagram(data []byte, multicast bool) []byte {
	m := message.Message{Options: make(message.Options, 0, maxOptions)}
	if n, err := coder.DefaultCoder.Decode(data, &m); err != nil || n != len(data) || len(m.Token) > message.MaxTokenSize {
		return nil
	}
	if m.Code>>5 != 0 || m.Type != message.Confirmable && m.Type != message.NonConfirmable || multicast && m.Type == message.Confirmable {
		return nil // RFC 7252 §8.1: a multicast request is never confirmable
	}
	if m.Code == codes.Empty { // a ping (RFC 7252 §4.3)
		return encode(message.Message{Type: message.Reset, Code: codes.Empty, MessageID: m.MessageID})
	}
	req := parseRequest(m.Code, m.Options, m.Payload)
	out := s.answer(&peer{}, req)
	if multicast && out.isError() {
		return nil
	}
	return encode(reply(m, req, out))
}

// reply makes the message of an answer: a block of it, where it is longer than one.
func reply(m message.Message, req request, out response) message.Message {
	r := message.Message{Type: message.Acknowledgement, MessageID: m.MessageID, Code: out.code, Token: m.Token}
	if m.Type == message.NonConfirmable {
		r.Type, r.MessageID = message.NonConfirmable, newMessageID()
	}
	if out.isError() || out.value == nil {
		return r
	}
	body, err := ocf.Encode(req.accept, out.value)
	if err != nil {
		r.Code = codes.InternalServerError
		return r
	}
	block, payload, ok := slice(m.Options, body)
	if !ok {
		r.Code = codes.BadOption
		return r
	}
	r.Options, r.Payload = req.options(), payload
	if block != nil {
		r.Options = r.Options.Set(*block)
	}
	return r
}

// slice gives the block of body that the request asks for (RFC 7959 §2.4), of at most blockSize bytes; false: there is no
// such block.
func slice(options message.Options, body []byte) (*message.Option, []byte, bool) {
	number, szx := 0, uint32(blockSZX)
	asked, err := options.GetUint32(message.Block2)
	if err == nil {
		if asked >= 1<<24 || asked&7 == 7 {
			return nil, nil, false
		}
		number, szx = int(asked>>4), min(asked&7, blockSZX)
	}
	size := 16 << szx
	start := number * size
	if start > 0 && start >= len(body) {
		return nil, nil, false
	}
	if start == 0 && len(body) <= size && err != nil {
		return nil, body, true
	}
	end := min(start+size, len(body))
	value := uint32(number)<<4 | szx
	if end < len(body) {
		value |= 8
	}
	return &message.Option{ID: message.Block2, Value: uintBytes(value)}, body[start:end], true
}

func encode(m message.Message) []byte {
	data := make([]byte, maxDatagram)
	n, err := coder.DefaultCoder.Encode(m, data)
	if err != nil {
		return nil
	}
	return data[:n]
}

func newMessageID() int32 {
	var b [2]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails: it ends the process instead
	return int32(binary.BigEndian.Uint16(b[:]))
}
