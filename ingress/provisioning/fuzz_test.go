package provisioning_test

import (
	"slices"
	"testing"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/ingress/coapserver"
	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/ocf"
)

var formats = []uint16{ocf.FormatOCFCBOR, ocf.FormatCBOR, ocf.FormatJSON}

// FuzzServe sends any body in any format to both steps that take one. Nothing panics; what is refused is refused with no
// body; what is answered fits the device; and no function is ever asked on behalf of a device id that is none.
func FuzzServe(f *testing.F) {
	for _, body := range []string{cloudRequest, credsRequest, `{}`, `[]`, `{"di":1}`, "", `{"di":"` + deviceID + `","csr":{"data":"","encoding":"oic.sec.encoding.raw"}}`} {
		f.Add([]byte(body), uint8(2), true)
		f.Add([]byte(body), uint8(2), false)
	}
	f.Add([]byte{0xa1, 0x62, 'd', 'i', 0x7f, 0xff}, uint8(0), true)         // an endless text, ended
	f.Add([]byte{0xbf, 0xff}, uint8(1), false)                              // an endless map
	f.Add(append(slices.Repeat([]byte{0x81}, 300), 0), uint8(0), true)      // deeper than anybody needs
	f.Add([]byte{0x9b, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}, uint8(1), true) // an array of 2^64 things
	f.Fuzz(func(t *testing.T, body []byte, format uint8, credentials bool) {
		b := newBench(t)
		check := func(deviceID string) {
			if id, ok := dps.ParseUUID(deviceID); !ok || id != deviceID || id == dps.NilUUID {
				t.Fatalf("a function was asked for device %q", deviceID)
			}
		}
		token, sign := b.functions.token, b.functions.sign
		b.functions.token = func(r contract.TokenRequest) (contract.TokenReply, error) { check(r.Device.DeviceID); return token(r) }
		b.functions.sign = func(r contract.SignRequest) (contract.SignReply, error) { check(r.Device.DeviceID); return sign(r) }
		path := ocf.PathCloudConfiguration
		if credentials {
			path = ocf.PathCredentials
		}
		as := formats[int(format)%len(formats)]
		resp := b.session.Serve(t.Context(), coapserver.Request{Method: codes.POST, Path: path, Format: as, Accept: as, Body: body})
		switch {
		case resp.Code == codes.Changed && (len(resp.Body) == 0 || len(resp.Body) > ocf.MaxResponseSize):
			t.Fatalf("an answer of %d bytes", len(resp.Body))
		case resp.Code != codes.Changed && len(resp.Body) > 0:
			t.Fatalf("%s with a body", resp.Code)
		case resp.Code != codes.Changed && resp.Code != codes.BadRequest && resp.Code != codes.RequestEntityTooLarge:
			t.Fatalf("a bad body gives %s", resp.Code)
		}
		if r := b.last(); r.Failed() != (resp.Code != codes.Changed) {
			t.Fatalf("the record says %s %q of an answer %s", r.CoAPCode, r.ErrorMessage, resp.Code)
		}
	})
}
