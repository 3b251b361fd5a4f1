package gateway

import (
	"bytes"
	"fmt"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/mux"

	"dps/shared/ocf"
)

// maxBody bounds a request's body, in bytes. A message over the library's bound of 64 KiB ends its connection.
const maxBody = 32 << 10

// handler finds the peer behind a request, and writes the answer. Errors have no payload: the device reads none.
func (g *Gateway) handler(h func(*peer, []byte) (any, codes.Code)) mux.HandlerFunc {
	return func(w mux.ResponseWriter, r *mux.Message) {
		body, code := g.answer(w.Conn(), r, h)
		if code>>5 != 2 {
			g.reply(w.SetResponse(code, message.TextPlain, nil))
			return
		}
		data, err := ocf.Encode(ocf.FormatOCFCBOR, body)
		if err != nil {
			g.reply(w.SetResponse(codes.InternalServerError, message.TextPlain, nil))
			return
		}
		g.reply(w.SetResponse(code, message.AppOcfCbor, bytes.NewReader(data)))
	}
}

func (g *Gateway) reply(err error) {
	if err != nil {
		g.o.Log.Error("gateway cannot answer", "error", err)
	}
}

func (g *Gateway) answer(conn mux.Conn, r *mux.Message, h func(*peer, []byte) (any, codes.Code)) (any, codes.Code) {
	if r.Code() != codes.POST {
		return nil, codes.MethodNotAllowed
	}
	p, err := peerOf(conn)
	if err != nil {
		g.o.Log.Warn("gateway refuses a device", "remote", conn.RemoteAddr().String(), "error", err)
		return nil, codes.Unauthorized
	}
	data, err := r.ReadBody()
	if err != nil || len(data) > maxBody {
		return nil, codes.BadRequest
	}
	body, code := h(p, data)
	if code>>5 != 2 {
		g.o.Log.Warn("gateway refuses a request", "device", p.deviceID, "code", code.String(), "reason", fmt.Sprint(body))
		return nil, code
	}
	return body, code
}
