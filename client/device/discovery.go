package device

import (
	"github.com/fxamacker/cbor/v2"
	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/ocf"
)

// discovery answers the service's GET /oic/res: 2.05 [{href, rt, eps}] (OCF Core 1.3 §10.4).
type discovery struct {
	deviceType string
	endpoints  []string
	silent     bool
	asked      func()
}

// answer gives the answer to a request of the server, without its token, and false where the device stays silent.
func (d discovery) answer(code codes.Code, path string) (message.Message, bool) {
	if path != ocf.PathDiscovery {
		return message.Message{Code: codes.NotFound}, true
	}
	if code != codes.GET {
		return message.Message{Code: codes.MethodNotAllowed}, true
	}
	d.asked()
	if d.silent {
		return message.Message{}, false
	}
	payload, err := cbor.Marshal([]pairs{d.link()})
	if err != nil {
		return message.Message{Code: codes.InternalServerError}, true
	}
	return message.Message{Code: codes.Content, Payload: payload, Options: message.Options{
		uintOption(message.ContentFormat, uint32(ocf.FormatOCFCBOR)),
		uintOption(message.OptionID(ocf.OptionContentVersion), ocf.Version1),
	}}, true
}

func (d discovery) link() pairs {
	eps := make([]pairs, 0, len(d.endpoints))
	for _, e := range d.endpoints {
		eps = append(eps, pairs{{"ep", e}})
	}
	return pairs{
		{"href", "/oic/d"},
		{"rt", []string{"oic.wk.d", d.deviceType}},
		{"if", []string{"oic.if.r", "oic.if.baseline"}},
		{"p", pairs{{"bm", 3}}},
		{"eps", eps},
	}
}
