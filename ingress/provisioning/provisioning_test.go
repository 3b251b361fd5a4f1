package provisioning_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/ingress/coapserver"
	"dps/ingress/gate"
	"dps/ingress/provisioning"
	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/ocf"
	"dps/shared/pki"
	"dps/shared/telemetry"
)

const (
	groupID  = "98be12de-3991-4567-aeea-edd9a656e6df"
	deviceID = "4d3f6d1a-5d7b-4b7e-8f58-0d8d7a5d5f01"
	hubA     = "d03a1bb4-0a77-428c-b78c-1c46efe6a38e"
	hubB     = "0f1e2d3c-4b5a-4978-8796-a5b4c3d2e1f0"
)

// functions answers what the test says, and keeps what it was asked.
type functions struct {
	token func(contract.TokenRequest) (contract.TokenReply, error)
	sign  func(contract.SignRequest) (contract.SignReply, error)
}

func (f *functions) Token(_ context.Context, r contract.TokenRequest) (contract.TokenReply, error) {
	return f.token(r)
}

func (f *functions) Sign(_ context.Context, r contract.SignRequest) (contract.SignReply, error) {
	return f.sign(r)
}

// enroller is one group behind one authority.
type enroller struct {
	mu    sync.Mutex
	reply contract.EnrollReply
	err   error
}

func (e *enroller) Enroll(context.Context, contract.EnrollRequest) (contract.EnrollReply, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.reply, e.err
}

func (e *enroller) change(f func(*contract.EnrollReply)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f(&e.reply)
}

type bench struct {
	t         *testing.T
	functions *functions
	enroller  *enroller
	gate      *gate.Gate
	service   *provisioning.Service
	session   coapserver.Session
	results   []dps.StepResult
	now       time.Time
}

func newBench(t *testing.T) *bench {
	t.Helper()
	root, err := pki.NewRoot("Test manufacturer", pki.Validity(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC)))
	must(t, err)
	b := &bench{t: t, now: time.Date(2026, 11, 22, 10, 11, 12, 123456789, time.UTC)}
	leaf, err := root.NewLeaf("device-1", pki.Validity(b.now.Add(-time.Hour), b.now.Add(time.Hour)))
	must(t, err)
	b.enroller = &enroller{reply: contract.EnrollReply{Generation: 1, Candidates: []contract.Candidate{{
		GroupID: groupID, Owner: "1", Chain: [][]byte{root.Certificate.Raw},
		Hubs: []contract.HubGateways{
			{ID: "hub-a", HubID: hubA, ProviderName: "plgd.dps", Gateways: []string{"coaps+tcp://a.example:5684", "coaps://a.example:5684"}},
			{ID: "hub-b", HubID: hubB, ProviderName: "other", Gateways: []string{"coaps+tcp://b.example:5684"}},
		},
	}}}}
	b.functions = &functions{
		token: func(contract.TokenRequest) (contract.TokenReply, error) {
			return contract.TokenReply{AccessToken: "the-token"}, nil
		},
		sign: func(contract.SignRequest) (contract.SignReply, error) {
			return contract.SignReply{CertificateChain: "IDENTITY", TrustAnchor: "ROOT", HubAuthorities: []string{"HUBCA"}, PreSharedKey: "0123456789012345"}, nil
		},
	}
	now := func() time.Time { return b.now }
	counters := new(telemetry.Counters)
	b.gate, err = gate.New(gate.Options{
		Enroller: b.enroller, Expiration: time.Minute, Now: now, Log: telemetry.Discard(), Count: counters.Add,
		LogOnce: telemetry.NewLimiter(now).Allow,
	})
	must(t, err)
	b.service = provisioning.New(provisioning.Options{
		Functions: b.functions, Gate: b.gate, Record: func(r dps.StepResult) { b.results = append(b.results, r) }, Now: now,
		Log: telemetry.Discard(), Count: counters.Add, Running: 4, Waiting: 4,
	})
	b.session, err = b.service.Admit(t.Context(), coapserver.Peer{Certificates: []*x509.Certificate{leaf.Certificate}, Remote: &net.TCPAddr{}, Protocol: "tcp"})
	must(t, err)
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ask sends a step's request; body is JSON that is put into the format.
func (b *bench) ask(path string, format uint16, body string) coapserver.Response {
	b.t.Helper()
	req := coapserver.Request{Method: codes.GET, Path: path, Format: format, Accept: format}
	if body != "" {
		req.Method = codes.POST
		var v any
		must(b.t, json.Unmarshal([]byte(body), &v))
		data, err := ocf.Encode(format, v)
		must(b.t, err)
		req.Body = data
	}
	return b.session.Serve(b.t.Context(), req)
}

// decoded gives a response's body as canonical JSON.
func decoded(t *testing.T, r coapserver.Response) string {
	t.Helper()
	var v any
	if r.Format == ocf.FormatJSON {
		must(t, json.Unmarshal(r.Body, &v))
	} else {
		dec, err := cbor.DecOptions{DefaultMapType: mapType}.DecMode()
		must(t, err)
		must(t, dec.Unmarshal(r.Body, &v))
	}
	out, err := json.Marshal(v)
	must(t, err)
	return string(out)
}

func (b *bench) last() dps.StepResult {
	b.t.Helper()
	if len(b.results) == 0 {
		b.t.Fatal("nothing was recorded")
	}
	return b.results[len(b.results)-1]
}

const (
	cloudRequest = `{"di":"` + deviceID + `","selectedGateway":{"uri":"coaps+tcp://127.0.0.1","id":"00000000-0000-0000-0000-000000000000"}}`
	credsRequest = `{"di":"` + deviceID + `","csr":{"data":"CSR","encoding":"oic.sec.encoding.pem"}}`
)

// TestStepsOnTheWire holds every success to PROTOCOL §3, key by key, in each format.
func TestStepsOnTheWire(t *testing.T) {
	owner := dps.OwnerUUID("1")
	servers := `"x.org.iotivity.servers":[{"id":"` + hubA + `","uri":"coaps+tcp://a.example:5684"},{"id":"` + hubA + `","uri":"coaps://a.example:5684"},{"id":"` + hubB + `","uri":"coaps+tcp://b.example:5684"}]`
	hubACE := func(id string) string {
		return `{"permission":31,"resources":[{"href":"/oc/con","if":["*"]},{"href":"/oc/swu","if":["*"]},{"href":"/oic/mnt","if":["*"]},{"href":"/x.plgd.dev/time","if":["*"]},{"if":["*"],"wc":"*"}],"subject":{"uuid":"` + id + `"},"tag":"dps"}`
	}
	for _, step := range []struct {
		path, body, want string
		code             codes.Code
	}{
		{ocf.PathTime, "", `{"time":"2026-11-22T10:11:12.123456789Z"}`, codes.Content},
		{ocf.PathOwnership, "", `{"devowneruuid":"` + owner + `"}`, codes.Content},
		{ocf.PathCloudConfiguration, cloudRequest,
			`{"apn":"plgd.dps","at":"the-token","cis":"coaps+tcp://a.example:5684","sid":"` + hubA + `",` + servers + `}`, codes.Changed},
		{ocf.PathCredentials, credsRequest,
			`{"creds":[{"credtype":1,"privatedata":{"data":"0123456789012345","encoding":"oic.sec.encoding.raw"},"subjectuuid":"` + owner + `","tag":"dps"},` +
				`{"credtype":8,"credusage":"oic.sec.cred.cert","publicdata":{"data":"IDENTITY","encoding":"oic.sec.encoding.pem"},"subjectuuid":"` + deviceID + `","tag":"dps"},` +
				`{"credtype":8,"credusage":"oic.sec.cred.trustca","publicdata":{"data":"ROOT","encoding":"oic.sec.encoding.pem"},"subjectuuid":"` + owner + `","tag":"dps"},` +
				`{"credtype":8,"credusage":"oic.sec.cred.trustca","publicdata":{"data":"HUBCA","encoding":"oic.sec.encoding.pem"},"subjectuuid":"` + hubA + `","tag":"dps"}]}`, codes.Changed},
		{ocf.PathACLs, "",
			`{"aclist2":[{"permission":31,"resources":[{"href":"/CoapCloudConfResURI","if":["*"]},{"href":"/oic/sec/sp","if":["*"]},{"href":"/x.plgd.dev/time","if":["*"]},{"href":"/oc/con","if":["*"]},{"href":"/oc/swu","if":["*"]},{"href":"/oic/mnt","if":["*"]},{"if":["*"],"wc":"*"}],"subject":{"uuid":"` + owner + `"},"tag":"dps"},` +
				`{"permission":2,"resources":[{"href":"/oic/d","if":["*"]},{"href":"/oic/p","if":["*"]},{"href":"/oic/res","if":["*"]},{"href":"/oic/sec/sdi","if":["*"]},{"href":"/oic/sec/doxm","if":["*"]}],"subject":{"conntype":"anon-clear"},"tag":"dps"},` +
				hubACE(hubA) + `,` + hubACE(hubB) + `]}`, codes.Content},
	} {
		for _, format := range []uint16{ocf.FormatOCFCBOR, ocf.FormatCBOR, ocf.FormatJSON} {
			t.Run(step.path, func(t *testing.T) {
				r := newBench(t).ask(step.path, format, step.body)
				if r.Code != step.code || r.Format != format {
					t.Fatalf("answer is %s in %d, want %s in %d", r.Code, r.Format, step.code, format)
				}
				if got := decoded(t, r); got != step.want {
					t.Errorf("body\n got %s\nwant %s", got, step.want)
				}
			})
		}
	}
}

func TestSelectedGateway(t *testing.T) {
	for _, c := range []struct{ name, selected, cis, sid string }{
		{"none", "", "coaps+tcp://a.example:5684", hubA},
		{"second hub", `{"uri":"coaps+tcp://b.example:5684","id":"` + hubB + `"}`, "coaps+tcp://b.example:5684", hubB},
		{"second gateway, id in capitals", `{"uri":"coaps://a.example:5684","id":"` + strings.ToUpper(hubA) + `"}`, "coaps://a.example:5684", hubA},
		{"gateway of another hub", `{"uri":"coaps+tcp://b.example:5684","id":"` + hubA + `"}`, "coaps+tcp://a.example:5684", hubA},
		{"unknown", `{"uri":"coaps+tcp://x.example:1","id":"` + hubB + `"}`, "coaps+tcp://a.example:5684", hubA},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			body := `{"di":"` + deviceID + `"}`
			if c.selected != "" {
				body = `{"di":"` + deviceID + `","selectedGateway":` + c.selected + `}`
			}
			var asked contract.Device
			b.functions.token = func(r contract.TokenRequest) (contract.TokenReply, error) {
				asked = r.Device
				return contract.TokenReply{AccessToken: "t"}, nil
			}
			var got ocf.CloudConfiguration
			must(t, json.Unmarshal([]byte(decoded(t, b.ask(ocf.PathCloudConfiguration, ocf.FormatJSON, body))), &got))
			if got.GatewayURI != c.cis || got.HubID != c.sid {
				t.Errorf("got %s of %s, want %s of %s", got.GatewayURI, got.HubID, c.cis, c.sid)
			}
			wantHub := map[string]string{hubA: "hub-a", hubB: "hub-b"}[c.sid]
			if asked.HubID != wantHub || asked.DeviceID != deviceID || asked.Owner != "1" || asked.GroupID != groupID || asked.RecordID == "" {
				t.Errorf("token was asked for %+v", asked)
			}
		})
	}
}

// TestErrorsOnTheWire: every failure is a code that the device understands (PROTOCOL §4), has no payload, and its reason is
// in the record.
func TestErrorsOnTheWire(t *testing.T) {
	post := func(path, body string) coapserver.Request {
		return coapserver.Request{Method: codes.POST, Path: path, Format: ocf.FormatJSON, Accept: ocf.FormatOCFCBOR, Body: []byte(body)}
	}
	with := func(r coapserver.Request, f func(*coapserver.Request)) coapserver.Request { f(&r); return r }
	get := coapserver.Request{Method: codes.GET, Path: ocf.PathACLs, Accept: ocf.FormatOCFCBOR, Format: ocf.FormatOCFCBOR}
	for _, c := range []struct {
		name   string
		req    coapserver.Request
		code   codes.Code
		reason string
	}{
		{"unknown path", with(get, func(r *coapserver.Request) { r.Path = "/nothing" }), codes.NotFound, ""},
		{"wrong method", with(get, func(r *coapserver.Request) { r.Method = codes.PUT }), codes.MethodNotAllowed, "method is PUT"},
		{"post to a get", with(get, func(r *coapserver.Request) { r.Method = codes.POST }), codes.MethodNotAllowed, "want GET"},
		{"accept text", with(get, func(r *coapserver.Request) { r.Accept = 0 }), codes.NotAcceptable, "content format 0"},
		{"body in text", with(post(ocf.PathCredentials, "x"), func(r *coapserver.Request) { r.Format = 0 }), codes.UnsupportedMediaType, "content format 0"},
		{"protocol fault", with(get, func(r *coapserver.Request) { r.Fault = codes.BadOption }), codes.BadOption, "breaks the protocol"},
		{"huge body", post(ocf.PathCredentials, strings.Repeat("x", ocf.MaxRequestSize+1)), codes.RequestEntityTooLarge, "at most 16384"},
		{"no body", post(ocf.PathCloudConfiguration, ""), codes.BadRequest, "not a cloud configuration request"},
		{"bad cbor", with(post(ocf.PathCredentials, "\xff\xff"), func(r *coapserver.Request) { r.Format = ocf.FormatOCFCBOR }), codes.BadRequest, "not a credentials request"},
		{"deep cbor", with(post(ocf.PathCredentials, strings.Repeat("\x81", 5000)), func(r *coapserver.Request) { r.Format = ocf.FormatCBOR }), codes.BadRequest, "not a credentials request"},
		{"huge cbor array", with(post(ocf.PathCredentials, "\x9b\x00\x00\x00\xff\xff\xff\xff\xff"), func(r *coapserver.Request) { r.Format = ocf.FormatCBOR }), codes.BadRequest, "not a credentials request"},
		{"wrong type", post(ocf.PathCloudConfiguration, `{"di":7}`), codes.BadRequest, "not a cloud configuration request"},
		{"no di", post(ocf.PathCloudConfiguration, `{}`), codes.BadRequest, "di is not a UUID"},
		{"di no uuid", post(ocf.PathCredentials, `{"di":"../../etc"}`), codes.BadRequest, "di is not a UUID"},
		{"di nil uuid", post(ocf.PathCredentials, `{"di":"`+dps.NilUUID+`"}`), codes.BadRequest, "di is not a UUID"},
		{"csr in der", post(ocf.PathCredentials, `{"di":"`+deviceID+`","csr":{"data":"x","encoding":"oic.sec.encoding.der"}}`), codes.BadRequest, "csr.encoding"},
		{"huge csr", post(ocf.PathCredentials, `{"di":"`+deviceID+`","csr":{"data":"`+strings.Repeat("x", contract.MaxCSRSize+1)+`","encoding":"oic.sec.encoding.pem"}}`), codes.BadRequest, "csr.data has 4097 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			r := b.session.Serve(t.Context(), c.req)
			if r.Code != c.code || len(r.Body) != 0 {
				t.Errorf("answer is %s with %d bytes, want %s with none", r.Code, len(r.Body), c.code)
			}
			if c.reason == "" {
				return
			}
			if got := b.last(); !strings.Contains(got.ErrorMessage, c.reason) || got.CoAPCode == "" {
				t.Errorf("record says %q (%s), want a reason with %q", got.ErrorMessage, got.CoAPCode, c.reason)
			}
			if r := b.ask(ocf.PathTime, ocf.FormatOCFCBOR, ""); r.Code != codes.Content {
				t.Errorf("the next request gets %s", r.Code)
			}
		})
	}
}

// TestEveryCodeIsMapped: whatever a function answers, the device gets a code that it understands, and no text.
func TestEveryCodeIsMapped(t *testing.T) {
	understood := map[codes.Code]bool{codes.BadRequest: true, codes.Forbidden: true, codes.NotFound: true, codes.ServiceUnavailable: true}
	for _, code := range append(dps.Codes(), "from_the_future") {
		t.Run(string(code), func(t *testing.T) {
			b := newBench(t)
			b.functions.token = func(contract.TokenRequest) (contract.TokenReply, error) {
				return contract.TokenReply{}, &dps.Error{Code: code, Message: "the reason", RetryAfter: 1500 * time.Millisecond}
			}
			r := b.ask(ocf.PathCloudConfiguration, ocf.FormatOCFCBOR, cloudRequest)
			if !understood[r.Code] || len(r.Body) != 0 {
				t.Errorf("answer is %s with %d bytes", r.Code, len(r.Body))
			}
			if r.Code == codes.ServiceUnavailable && r.MaxAge != 2 {
				t.Errorf("Max-Age is %d, want 1.5 s rounded up", r.MaxAge)
			}
			if got := b.last().ErrorMessage; got != "the reason" {
				t.Errorf("record says %q", got)
			}
		})
	}
}

// TestNeverABadCloudConfiguration: a success with a bad body hangs the device for good.
func TestNeverABadCloudConfiguration(t *testing.T) {
	for name, spoil := range map[string]func(*bench){
		"empty token": func(b *bench) {
			b.functions.token = func(contract.TokenRequest) (contract.TokenReply, error) { return contract.TokenReply{}, nil }
		},
		"huge token": func(b *bench) {
			b.functions.token = func(contract.TokenRequest) (contract.TokenReply, error) {
				return contract.TokenReply{AccessToken: strings.Repeat("x", ocf.MaxResponseSize)}, nil
			}
		},
		"panic": func(b *bench) {
			b.functions.token = func(contract.TokenRequest) (contract.TokenReply, error) { panic("secret detail") }
		},
		"no hubs": func(b *bench) { b.regroup(func(c *contract.Candidate) { c.Hubs = nil }) },
		"no gateways": func(b *bench) {
			b.regroup(func(c *contract.Candidate) { c.Hubs[0].Gateways, c.Hubs[1].Gateways = nil, nil })
		},
		"no provider": func(b *bench) { b.regroup(func(c *contract.Candidate) { c.Hubs[0].ProviderName = "" }) },
		"hub id":      func(b *bench) { b.regroup(func(c *contract.Candidate) { c.Hubs[0].HubID = "my hub" }) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			spoil(b)
			r := b.ask(ocf.PathCloudConfiguration, ocf.FormatOCFCBOR, cloudRequest)
			if r.Code != codes.ServiceUnavailable || len(r.Body) != 0 || r.MaxAge == 0 {
				t.Errorf("answer is %s with %d bytes, Max-Age %d", r.Code, len(r.Body), r.MaxAge)
			}
			if got := b.last().ErrorMessage; got == "" || strings.Contains(got, "secret detail") {
				t.Errorf("record says %q", got)
			}
		})
	}
}

// regroup changes the group in the store, as an operator would, and lets the ingress notice.
func (b *bench) regroup(f func(*contract.Candidate)) {
	b.enroller.change(func(r *contract.EnrollReply) {
		c := r.Candidates[0]
		c.Hubs = append([]contract.HubGateways(nil), c.Hubs...)
		f(&c)
		r.Candidates = []contract.Candidate{c}
		r.Generation++
	})
	b.gate.Refresh(b.t.Context())
}

// TestDeletedGroupEndsTheSession at its next step; so does a deny-list entry.
func TestDeletedGroupEndsTheSession(t *testing.T) {
	for name, change := range map[string]func(*bench){
		"deleted": func(b *bench) {
			b.enroller.change(func(r *contract.EnrollReply) { r.Candidates, r.Generation = nil, 2 })
			b.gate.Refresh(b.t.Context())
		},
		"denied": func(b *bench) {
			b.regroup(func(c *contract.Candidate) { c.Deny.CommonNames = []string{"device-1"} })
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			if r := b.ask(ocf.PathOwnership, ocf.FormatOCFCBOR, ""); r.Code != codes.Content {
				t.Fatalf("before: %s", r.Code)
			}
			change(b)
			if r := b.ask(ocf.PathACLs, ocf.FormatOCFCBOR, ""); r.Code != codes.Forbidden || !r.Close {
				t.Errorf("after: %s, close %t", r.Code, r.Close)
			}
		})
	}
}

// TestRecordsTellTheStory: each step leaves its result, none leaves a secret.
func TestRecordsTellTheStory(t *testing.T) {
	b := newBench(t)
	b.session.Opened()
	for path, body := range map[string]string{
		ocf.PathTime: "", ocf.PathOwnership: "", ocf.PathCloudConfiguration: cloudRequest, ocf.PathCredentials: credsRequest, ocf.PathACLs: "",
	} {
		b.ask(path, ocf.FormatOCFCBOR, body)
	}
	var rec dps.Record
	for _, r := range b.results {
		rec.Merge(r)
	}
	if len(rec.Steps) != 6 || rec.DeviceID != deviceID || rec.GroupID != groupID || rec.Owner != "1" {
		t.Errorf("record is %+v", rec)
	}
	if a := rec.Steps[dps.StepAttestation].Attestation; a == nil || a.CommonName != "device-1" || !strings.HasPrefix(a.CertificatePEM, "-----BEGIN CERT") {
		t.Errorf("attestation is %+v", a)
	}
	if c := rec.Steps[dps.StepCredentials].Credential; c == nil || c.PreSharedKeySubject != dps.OwnerUUID("1") || c.IdentityCertificatePEM != "IDENTITY" || len(c.Credentials) != 4 {
		t.Errorf("credential is %+v", c)
	}
	if c := rec.Steps[dps.StepCloudConfiguration].Cloud; c == nil || c.SelectedGateway != 0 || len(c.Gateways) != 3 {
		t.Errorf("cloud is %+v", c)
	}
	all, err := json.Marshal(b.results)
	must(t, err)
	for _, secret := range []string{"0123456789012345", "the-token"} {
		if strings.Contains(string(all), secret) {
			t.Errorf("records hold the secret %q", secret)
		}
	}
}

func TestLocalEndpoints(t *testing.T) {
	b := newBench(t)
	b.ask(ocf.PathTime, ocf.FormatOCFCBOR, "")
	if b.session.Discovery() {
		t.Error("the connection that carries the time alone is asked for endpoints")
	}
	b.ask(ocf.PathOwnership, ocf.FormatOCFCBOR, "")
	if !b.session.Discovery() || b.session.Discovery() {
		t.Error("discovery is wanted exactly once")
	}
	n := len(b.results)
	for _, garbage := range []string{"", "\xff", "{}", `[{"eps":"x"}]`} {
		b.session.Answer(ocf.FormatJSON, []byte(garbage))
	}
	b.session.Answer(42, []byte(`[]`))
	if len(b.results) != n {
		t.Error("garbage was recorded")
	}
	b.session.Answer(ocf.FormatJSON, []byte(`[{"href":"/oic/d","eps":[{"ep":"coaps://[fe80::1]:4711"},{"ep":"coap://10.0.0.7:4712"},{"ep":"coap://10.0.0.7:4712"},{"ep":"not a uri"}]}]`))
	if got := strings.Join(b.last().LocalEndpoints, " "); got != "coaps://[fe80::1]:4711 coap://10.0.0.7:4712" {
		t.Errorf("endpoints are %q", got)
	}
}
