package device_test

import (
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"dps/client/device"
	"dps/shared/ocf"
	"dps/shared/pki"
)

const (
	owner    = "11111111-2222-4333-8444-555555555555"
	hubID    = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
	deviceID = "dddddddd-1111-4222-8333-444444444444"
	psk      = "0123456789abcdef"
	token    = "at-very-secret"
)

// world holds the certificates of one test: who made the device, who the service is, and who signs identities.
type world struct {
	vendor, service, identityRoot, identityCA *pki.Pair
	server, manufacturer                      *pki.Pair
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		vendor:       must(t)(pki.NewRoot("Vendor Root")),
		service:      must(t)(pki.NewRoot("Service Root")),
		identityRoot: must(t)(pki.NewRoot("Identity Root")),
	}
	w.identityCA = must(t)(w.identityRoot.NewIntermediate("Identity CA"))
	w.server = must(t)(w.service.NewLeaf("service", pki.EKU(x509.ExtKeyUsageServerAuth)))
	w.manufacturer = must(t)(must(t)(w.vendor.NewIntermediate("Vendor CA")).NewLeaf("device 1"))
	return w
}

func must(t *testing.T) func(p *pki.Pair, err error) *pki.Pair {
	return func(p *pki.Pair, err error) *pki.Pair {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
}

// config is a device that gives up at the first permanent failure.
func (w *world) config(endpoint string) device.Config {
	return device.Config{
		Endpoint: endpoint, Manufacturer: w.manufacturer.TLS(), ServerRoots: w.service.Pool(), GatewayRoots: w.service.Pool(),
		DeviceID: deviceID, MaxAttempts: 1,
	}
}

// right gives the right answer to a request: code and body, and false for what no step asks.
func (w *world) right(q received) (answer, bool) {
	switch q.path {
	case ocf.PathTime:
		return content(m{"time": time.Now().Format(time.RFC3339Nano)}), true
	case ocf.PathOwnership:
		return content(m{"devowneruuid": owner}), true
	case ocf.PathCloudConfiguration:
		return changed(m{"at": token, "apn": "plgd", "cis": "coaps+tcp://127.0.0.1:5684", "sid": hubID,
			"x.org.iotivity.servers": []any{m{"uri": "coaps+tcp://127.0.0.1:5684", "id": hubID}}}), true
	case ocf.PathCredentials:
		return changed(m{"creds": w.credentials(q.csr())}), true
	case ocf.PathACLs:
		return content(m{"aclist2": rightACLs()}), true
	case "/oic/sec/account":
		return changed(m{"uid": "user", "accesstoken": "at-2", "refreshtoken": "rt", "expiresin": 3600}), true
	case "/oic/sec/session":
		return changed(m{"expiresin": 3600}), true
	case "/oic/rd":
		return changed(m{}), true
	default:
		return answer{}, false
	}
}

func (w *world) credentials(csr *x509.CertificateRequest, opts ...pki.Option) []any {
	opts = append([]pki.Option{pki.UnknownEKU(pki.OIDIdentity)}, opts...)
	identity, err := w.identityCA.SignPublicKey(csr.Subject, csr.PublicKey, opts...)
	if err != nil {
		panic(err) // the peer's goroutine has no *testing.T to fail
	}
	return []any{
		m{"credtype": 1, "subjectuuid": owner, "tag": "dps", "privatedata": m{"data": psk, "encoding": ocf.EncodingRaw}},
		certificate(ocf.UsageIdentity, deviceID, identity.ChainPEM()),
		certificate(ocf.UsageTrustAnchor, owner, w.identityRoot.CertificatePEM()),
	}
}

func certificate(usage, subject string, chain []byte) m {
	return m{"credtype": 8, "credusage": usage, "subjectuuid": subject, "tag": "dps",
		"publicdata": m{"data": string(chain), "encoding": ocf.EncodingPEM}}
}

func rightACLs() []any {
	all := []any{m{"href": "/oc/con", "if": []string{"*"}}, m{"wc": "*", "if": []string{"*"}}}
	return []any{
		m{"subject": m{"uuid": owner}, "permission": 31, "resources": all, "tag": "dps"},
		m{"subject": m{"conntype": "anon-clear"}, "permission": 2, "resources": []any{m{"href": "/oic/d", "if": []string{"*"}}}, "tag": "dps"},
		m{"subject": m{"uuid": hubID}, "permission": 31, "resources": all, "tag": "dps"},
	}
}

// received is a request as the peer got it.
type received struct {
	raw     []byte // TCP alone
	path    string
	payload []byte
}

// body decodes the payload, with generic types.
func (q received) body() map[string]any {
	var out map[string]any
	if err := cbor.Unmarshal(q.payload, &out); err != nil {
		panic(err)
	}
	return out
}

func (q received) csr() *x509.CertificateRequest {
	text := q.body()["csr"].(map[any]any)["data"].(string)
	block, _ := pem.Decode([]byte(text))
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		panic(err)
	}
	return csr
}
