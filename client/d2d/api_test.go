package d2d_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/golang-jwt/jwt/v5"

	"dps/client/d2d/settings"
	"dps/shared/dps"
)

const byKey = `{"preSharedKey":{"subjectId":"00000000-0000-0000-0000-000000000001","key":"0123456789abcdef","save":true}}`

// TestDialects: the same resources as plgd's clients, protobuf's and new ones know them.
func TestDialects(t *testing.T) {
	w := newWorld(t, nil)
	const devices, device = "/api/v1/devices", "/api/v1/devices/" + lampID
	for _, c := range []struct {
		method, path, body string
		accept             []string
		want               []string
	}{
		{"GET", "/.well-known/configuration", "", asPlgd, []string{`"isInitialized":false`, `"deviceAuthenticationMode":"UNINITIALIZED"`, `"mode":"MODE_NONE"`, `"csrChallengeStateExpiration":"60000000000"`}},
		{"GET", devices, "", asPlgd, []string{`{"result":{"data":{"content":{"di":"` + lampID, `"status":"OK"`, `"ownershipStatus":"OWNED"`, "}}\n"}},
		{"GET", devices, "", asProto, []string{`{"result":{"id":"` + lampID, `"contentType":"application/vnd.ocf+cbor","coapContentFormat":10000`}},
		{"GET", devices, "", asNew, []string{`{"devices":[{"id":"` + lampID, `"ownership":"owned"`, `"canOwn":true`}},
		{"GET", device, "", asNew, []string{`"manufacturer":"Acme"`, `"specification":"ocf.2.2.5"`, `"resources":[{"href":"/light/1"`}},
		{"GET", device, "", asPlgd, []string{`"data":{"content":{"di":"` + lampID}},
		{"GET", device + "/resource-links", "", asPlgd, []string{`"deviceId":"` + lampID + `"`, `"resourceTypes":["core.light"]`, `"policy":{"bitFlags":3}`}},
		{"GET", device + "/resource-links", "", asNew, []string{`{"resources":[{"href":"/light/1","types":["core.light"],"interfaces":["oic.if.a"],"observable":true}]}`}},
		{"GET", device + "/resources/light/1", "", asPlgd, []string{`"types":["core.light"]`, `"content":{"note":"","rt":["core.light"],"state":true,"value":null}`}},
		{"GET", device + "/resources/light/1", "", asNew, []string{`{"content":{"note":"","rt":["core.light"],"state":true,"value":null},"contentFormat":10000}`}},
		{"PUT", device + "/resources/light/1", `{"power":5}`, asNew, []string{`{"content":{"power":5},"contentFormat":10000}`}},
		{"POST", device + "/resources/light/1", `{"power":5}`, asPlgd, []string{`"data":{"content":{"power":5},"status":"OK"}`}},
		{"POST", device + "/own", "", asPlgd, []string{"{}"}},
		{"POST", device + "/ownership", "", asNew, []string{"{}"}},
		{"DELETE", device + "/ownership", "", asNew, []string{"{}"}},
		{"POST", device + "/disown", "{}", asPlgd, []string{"{}"}},
		{"DELETE", devices, "", asPlgd, []string{"{}"}},
	} {
		w.wants(c.method+" "+c.path+" "+c.accept[1], w.ask(c.method, c.path, c.body, c.accept...), http.StatusOK, c.want...)
	}
	if w.lamp.forgot != 1 {
		t.Errorf("devices were forgotten %d times", w.lamp.forgot)
	}
}

// TestProtoJSONCarriesBytes: an update in protobuf's JSON is CBOR in base64, and so is its answer.
func TestProtoJSONCarriesBytes(t *testing.T) {
	w := newWorld(t, nil)
	data, err := cbor.Marshal(map[string]any{"power": 7})
	if err != nil {
		t.Fatal(err)
	}
	body := `{"contentType":"application/vnd.ocf+cbor","data":"` + base64.StdEncoding.EncodeToString(data) + `"}`
	at := "/api/v1/devices/" + lampID + "/resources/light/1"
	a := w.ask("PUT", at, body, "Accept", "application/protojson", "Content-Type", "application/protojson")
	w.wants("update", a, http.StatusOK, base64.StdEncoding.EncodeToString(data))
	for _, bad := range []string{`{"data":"!"}`, `{"data":"/w=="}`, `[]`, `{"data":"` + strings.Repeat("AAAA", 10_000) + `"}`} {
		w.wants(bad[:min(len(bad), 20)], w.ask("PUT", at, bad, "Content-Type", "application/protojson"), http.StatusBadRequest, `"code":3`)
	}
}

// TestDiscoveryIsAskedAsTheParametersSay, by the names of plgd's client application.
func TestDiscoveryIsAskedAsTheParametersSay(t *testing.T) {
	w := newWorld(t, nil)
	for query, want := range map[string]int{
		"":                                        http.StatusOK,
		"?useCache=true":                          http.StatusOK,
		"?multicastTimeout=500":                   http.StatusOK,
		"?endpointFilter=192.0.2.1:5683":          http.StatusOK,
		"?endpointFilter=coap://192.0.2.1":        http.StatusOK,
		"?endpointFilter=example.com":             http.StatusBadRequest,
		"?endpointFilter=coaps://192.0.2.1:56":    http.StatusBadRequest,
		"?ownershipStatusFilter=OWNED":            http.StatusOK,
		"?ownershipStatusFilter=MINE":             http.StatusBadRequest,
		"?multicastIpVersionFilter=IPV4":          http.StatusOK,
		"?multicastIpVersionFilter=5":             http.StatusBadRequest,
		"?multicastTimeout=-1":                    http.StatusBadRequest,
		"?useCache=perhaps":                       http.StatusBadRequest,
		"?color=red":                              http.StatusBadRequest,
		"?" + strings.Repeat("typeFilter=a&", 65): http.StatusBadRequest,
	} {
		w.wants(query, w.ask("GET", "/api/v1/devices"+query, "", asNew...), want)
	}
	w.wants("plgd ignores", w.ask("GET", "/api/v1/devices?color=red", ""), http.StatusOK)
	w.wants("filtered", w.ask("GET", "/api/v1/devices?ownershipStatusFilter=UNOWNED", "", asNew...), http.StatusOK, `{"devices":[]}`)
	w.wants("by type", w.ask("GET", "/api/v1/devices?typeFilter=oic.d.fan", "", asNew...), http.StatusOK, `{"devices":[]}`)
}

// TestThreeWays goes each of them over HTTP; nothing that is said on the way holds a key or a token.
func TestThreeWays(t *testing.T) {
	w := newWorld(t, nil)
	w.wants("reset of nobody", w.ask("POST", "/api/v1/reset", "{}", asNew...), http.StatusConflict)
	w.wants("key", w.ask("POST", "/api/v1/initialize", byKey, asNew...), http.StatusOK, "{}")
	w.wants("again", w.ask("POST", "/api/v1/initialize", byKey), http.StatusBadRequest, `"code":9`) // FailedPrecondition
	w.wants("status", w.ask("GET", "/api/v1/status", "", asNew...), http.StatusOK, `"way":"preSharedKey"`, `"subjectId":"00000000-0000-0000-0000-000000000001"`)
	w.wants("no certificate", w.ask("GET", "/api/v1/identity/certificate", "", asNew...), http.StatusServiceUnavailable)
	w.wants("reset", w.ask("POST", "/api/v1/reset", "", asNew...), http.StatusOK)

	owner := w.token(nil)
	w.wants("self, nobody", w.ask("POST", "/api/v1/initialize", "{}", asNew...), http.StatusUnauthorized)
	w.wants("self", w.ask("POST", "/api/v1/initialize", "{}", owner...), http.StatusOK)
	w.wants("without a token", w.ask("GET", "/api/v1/devices", "", asNew...), http.StatusUnauthorized)
	w.wants("with another's", w.ask("GET", "/api/v1/devices", "", w.token(func(c jwt.MapClaims) { c["https://plgd.dev/owner"] = "other" })...), http.StatusUnauthorized)
	w.wants("with the owner's", w.ask("GET", "/api/v1/devices", "", owner...), http.StatusOK)
	w.wants("reset by a stranger", w.ask("POST", "/api/v1/reset", "", asNew...), http.StatusUnauthorized)
	w.wants("reset", w.ask("POST", "/api/v1/reset", "", owner...), http.StatusOK)

	begun := w.ask("POST", "/api/v1/initialize", `{"jwks":`+string(w.hub.JWKS())+`}`, owner...)
	w.wants("challenge", begun, http.StatusOK, `{"identityCertificateChallenge":{"certificateSigningRequest":"`)
	c := decoded[struct {
		Challenge struct {
			CSR   []byte `json:"certificateSigningRequest"`
			State string `json:"state"`
		} `json:"identityCertificateChallenge"`
	}](t, begun).Challenge
	chain, err := w.hub.Sign(c.CSR)
	if err != nil {
		t.Fatal(err)
	}
	signed := `{"certificate":"` + base64.StdEncoding.EncodeToString(chain) + `"}`
	w.wants("unknown state", w.ask("POST", "/api/v1/initialize/"+dps.NewUUID(), signed, owner...), http.StatusBadRequest)
	w.wants("finish", w.ask("POST", "/api/v1/initialize/"+c.State, signed, owner...), http.StatusOK)
	w.wants("replayed", w.ask("POST", "/api/v1/initialize/"+c.State, signed, owner...), http.StatusConflict)
	w.wants("keys", w.ask("GET", "/.well-known/jwks.json", ""), http.StatusOK, `"kid":"one"`)
	w.wants("certificate", w.ask("GET", "/api/v1/identity/certificate", "", owner...), http.StatusOK, `{"certificate":"LS0tLS1CRUdJTi`)

	for place, text := range map[string]string{"answers": w.said.String(), "log": w.log.String()} {
		for name, secret := range map[string]string{"pre-shared key": "0123456789abcdef", "token": strings.TrimPrefix(owner[1], "Bearer "), "private key": "PRIVATE KEY"} {
			if strings.Contains(text, secret) || strings.Contains(text, base64.StdEncoding.EncodeToString([]byte(secret))) {
				t.Errorf("%s stands in the %s", name, place)
			}
		}
	}
}

// TestAPersonSeesWhereToLogInTheClient: the state of a client that is to have a certificate is no secret before it has one, and is
// its owner's afterwards.
func TestAPersonSeesWhereToLogInTheClient(t *testing.T) {
	w := newWorld(t, func(c *settings.Config) { c.Clients.Device.COAP.TLS.Authentication = settings.X509 })
	w.wants("status of nobody", w.ask("GET", "/api/v1/status", "", asNew...), http.StatusOK, `"way":""`, `"deviceAuthenticationMode":"X509"`)
	w.wants("devices of nobody", w.ask("GET", "/api/v1/devices", "", asNew...), http.StatusConflict)
	w.wants("self", w.ask("POST", "/api/v1/initialize", "{}", w.token(nil)...), http.StatusOK)
	w.wants("status, without a token", w.ask("GET", "/api/v1/status", "", asNew...), http.StatusUnauthorized)
	w.wants("status", w.ask("GET", "/api/v1/status", "", w.token(nil)...), http.StatusOK, `"way":"self"`)
}

// TestPagesOfStrangersStayOut: DNS rebinding, other origins, and forms that other sites submit.
func TestPagesOfStrangersStayOut(t *testing.T) {
	w := newWorld(t, func(c *settings.Config) {
		c.APIs.HTTP.AllowedHosts = []string{"d2d.example.com"}
		c.APIs.HTTP.CORS.AllowedOrigins = []string{"https://console.example.com"}
	})
	for _, c := range []struct {
		name    string
		method  string
		headers []string
		status  int
	}{
		{"own host", "GET", nil, http.StatusOK},
		{"localhost", "GET", []string{"Host", "localhost:8080"}, http.StatusOK},
		{"configured name", "GET", []string{"Host", "D2D.example.com"}, http.StatusOK},
		{"rebound name", "GET", []string{"Host", "evil.example.com"}, http.StatusMisdirectedRequest},
		{"another address", "GET", []string{"Host", "192.0.2.7"}, http.StatusMisdirectedRequest},
		{"own origin", "POST", []string{"Origin", w.url}, http.StatusOK},
		{"configured origin", "GET", []string{"Origin", "https://console.example.com"}, http.StatusOK},
		{"another origin", "GET", []string{"Origin", "https://evil.example.com"}, http.StatusForbidden},
		{"no origin, another site", "GET", []string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		{"sandboxed", "GET", []string{"Origin", "null"}, http.StatusForbidden},
		{"form", "POST", []string{"Content-Type", "application/x-www-form-urlencoded"}, http.StatusUnsupportedMediaType},
		{"text", "POST", []string{"Content-Type", "text/plain"}, http.StatusUnsupportedMediaType},
	} {
		body := ""
		path := "/api/v1/devices"
		if c.method == "POST" {
			body, path = "{}", "/api/v1/devices/"+lampID+"/own"
		}
		w.wants(c.name, w.ask(c.method, path, body, append(c.headers, asNew...)...), c.status)
	}
	a := w.ask("OPTIONS", "/api/v1/devices", "", "Origin", "https://console.example.com", "Access-Control-Request-Method", "GET")
	if a.status != http.StatusNoContent || a.header.Get("Access-Control-Allow-Origin") != "https://console.example.com" || !strings.Contains(a.header.Get("Access-Control-Allow-Headers"), "Authorization") {
		t.Errorf("preflight: %d %v", a.status, a.header)
	}
	for _, name := range []string{"Cache-Control", "X-Content-Type-Options", "Content-Security-Policy", "Referrer-Policy"} {
		if a.header.Get(name) == "" {
			t.Errorf("no %s", name)
		}
	}
}

// TestBadRequests: each has a clear answer, and changes nothing.
func TestBadRequests(t *testing.T) {
	w := newWorld(t, nil)
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/api/v1/nothing", "", http.StatusNotFound, "nothing is served"},
		{"GET", "/api/v1/../v1/devices", "", http.StatusNotFound, ""},
		{"GET", "/", "", http.StatusNotFound, ""},
		{"PATCH", "/api/v1/devices", "", http.StatusMethodNotAllowed, "Allow"},
		{"GET", "/api/v1/devices/unknown", "", http.StatusNotFound, "unknown"},
		{"GET", "/api/v1/devices/" + lampID + "/resources/other", "", http.StatusNotFound, "/other"},
		{"PUT", "/api/v1/devices/" + lampID + "/resources/light/1", "", http.StatusBadRequest, "is empty"},
		{"PUT", "/api/v1/devices/" + lampID + "/resources/light/1", "{", http.StatusBadRequest, "is not JSON"},
		{"PUT", "/api/v1/devices/" + lampID + "/resources/light/1", "{}{}", http.StatusBadRequest, "behind the object"},
		{"PUT", "/api/v1/devices/" + lampID + "/resources/light/1", `"` + strings.Repeat("a", 300_000) + `"`, http.StatusRequestEntityTooLarge, "bytes"},
		{"POST", "/api/v1/initialize", `{"preSharedKey":{"subjectId":"me","key":"0123456789abcdef"}}`, http.StatusBadRequest, "subjectId"},
		{"POST", "/api/v1/initialize", `{"preSharedKey":{"subjectId":"00000000-0000-0000-0000-000000000001","key":"short"}}`, http.StatusBadRequest, "5 bytes"},
		{"POST", "/api/v1/initialize", `{"preSharedKey":5}`, http.StatusBadRequest, "preSharedKey"},
		{"POST", "/api/v1/initialize", `{"password":"x"}`, http.StatusBadRequest, "not known"},
		{"POST", "/api/v1/initialize", "{\"jwks\":\"\xff\"}", http.StatusBadRequest, "UTF-8"},
	} {
		w.wants(c.method+" "+c.path, w.ask(c.method, c.path, c.body, asNew...), c.status, c.want)
	}
	w.wants("nobody yet", w.ask("GET", "/api/v1/status", "", asNew...), http.StatusOK, `"way":""`)
}

// FuzzInitialize: whatever is sent, the answer is of the API's shape, no panic is in the log, and a key is never repeated.
func FuzzInitialize(f *testing.F) {
	for _, seed := range []string{byKey, "{}", `{"jwks":{"keys":[]}}`, `{"jwks":5}`, "[", `{"preSharedKey":{"key":"data:;base64,AAECAwQFBgcICQoLDA0ODw=="}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		w := newWorld(t, nil)
		a := w.ask("POST", "/api/v1/initialize", string(body), asNew...)
		if a.status >= http.StatusInternalServerError || strings.Contains(w.log.String(), "panic") {
			t.Errorf("%d %s\n%s", a.status, a.body, w.log.String())
		}
		if !strings.HasPrefix(a.body, "{") {
			t.Errorf("%q", a.body)
		}
	})
}
