package device_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"testing"
	"time"

	"dps/client/device"
	"dps/shared/ocf"
	"dps/shared/pki"
)

const otherID = "99999999-9999-4999-8999-999999999999"

// entry gives the answer with entry i of its list changed; a nil value removes the key.
func (a answer) entry(list string, i int, key string, value any) answer {
	entries := append([]any(nil), a.body.(m)[list].([]any)...)
	entries[i] = answer{body: entries[i]}.field(key, value).body
	return a.field(list, entries)
}

// TestWrongBody breaks each demand of PROTOCOL §3 on a body in turn.
func TestWrongBody(t *testing.T) {
	field := func(key string, value any) func(answer) answer {
		return func(a answer) answer { return a.field(key, value) }
	}
	cred := func(i int, key string, value any) func(answer) answer {
		return func(a answer) answer { return a.entry("creds", i, key, value) }
	}
	ace := func(key string, value any) func(answer) answer {
		return func(a answer) answer { return a.entry("aclist2", 1, key, value) }
	}
	resource := func(r m) func(answer) answer { return ace("resources", []any{r}) }
	all := []string{"*"}
	payload := func(b ...byte) func(answer) answer {
		return func(a answer) answer { a.body, a.payload = nil, b; return a }
	}
	tests := []struct {
		name   string
		path   string
		change func(answer) answer
		reason device.Reason
		detail string
	}{
		{"time: no CBOR", ocf.PathTime, payload(0xff), device.ReasonBody, "not CBOR"},
		{"time: trailing byte", ocf.PathTime, payload(0xa0, 0), device.ReasonBody, "not CBOR"},
		{"time: tag", ocf.PathTime, payload(0xc1, 0xa0), device.ReasonBody, "not CBOR"},
		{"time: deep", ocf.PathTime, payload(bytes.Repeat([]byte{0x81}, 100)...), device.ReasonBody, "not CBOR"},
		{"time: array", ocf.PathTime, payload(0x80), device.ReasonBody, "body is an array, want a map"},
		{"time: number key", ocf.PathTime, payload(0xa1, 1, 1), device.ReasonBody, "a key that is an integer"},
		{"time: duplicate key", ocf.PathTime, payload(0xa2, 0x61, 'a', 1, 0x61, 'a', 1), device.ReasonBody, "not CBOR"},
		{"time: missing", ocf.PathTime, field("time", nil), device.ReasonBody, "body.time is missing"},
		{"time: number", ocf.PathTime, field("time", 1), device.ReasonBody, "body.time is an integer, want text"},
		{"time: no RFC 3339", ocf.PathTime, field("time", "today"), device.ReasonBody, `"today", want RFC 3339`},

		{"owner: missing", ocf.PathOwnership, field("devowneruuid", nil), device.ReasonBody, "devowneruuid is missing"},
		{"owner: no UUID", ocf.PathOwnership, field("devowneruuid", "me"), device.ReasonBody, `"me", want a UUID`},
		{"owner: second key", ocf.PathOwnership, field("rowneruuid", owner), device.ReasonUnknownKey, "rowneruuid"},

		{"cloud: no token", ocf.PathCloudConfiguration, field("at", nil), device.ReasonBody, "body.at is missing"},
		{"cloud: empty token", ocf.PathCloudConfiguration, field("at", ""), device.ReasonBody, "body.at is empty"},
		{"cloud: no provider", ocf.PathCloudConfiguration, field("apn", nil), device.ReasonBody, "body.apn is missing"},
		{"cloud: no gateway", ocf.PathCloudConfiguration, field("cis", nil), device.ReasonBody, "body.cis is missing"},
		{"cloud: gateway as bytes", ocf.PathCloudConfiguration, field("cis", []byte("x")), device.ReasonBody, "body.cis is bytes"},
		{"cloud: gateway without scheme", ocf.PathCloudConfiguration, field("cis", "hub:5684"), device.ReasonBody, "scheme"},
		{"cloud: no hub id", ocf.PathCloudConfiguration, field("sid", nil), device.ReasonBody, "body.sid is missing"},
		{"cloud: hub id", ocf.PathCloudConfiguration, field("sid", "hub"), device.ReasonBody, "want a UUID"},
		{"cloud: servers", ocf.PathCloudConfiguration, field("x.org.iotivity.servers", m{}), device.ReasonBody, "a map, want an array"},
		{"cloud: server without id", ocf.PathCloudConfiguration, field("x.org.iotivity.servers", []any{m{"uri": "x"}}),
			device.ReasonBody, "servers[0].id is missing"},
		{"cloud: redirect", ocf.PathCloudConfiguration, field("redirecturi", "http://x"), device.ReasonBody, "redirecturi"},
		{"cloud: redirect as number", ocf.PathCloudConfiguration, field("redirecturi", 7), device.ReasonBody, "want text"},

		{"creds: missing", ocf.PathCredentials, field("creds", nil), device.ReasonBody, "body.creds is missing"},
		{"creds: rowneruuid", ocf.PathCredentials, field("rowneruuid", owner), device.ReasonUnknownKey, "rowneruuid"},
		{"creds: no map", ocf.PathCredentials, field("creds", []any{1}), device.ReasonBody, "creds[0] is an integer"},
		{"creds: no tag", ocf.PathCredentials, cred(1, "tag", nil), device.ReasonBody, "creds[1].tag is missing"},
		{"creds: other tag", ocf.PathCredentials, cred(2, "tag", "x"), device.ReasonBody, `creds[2].tag is "x"`},
		{"creds: no subject", ocf.PathCredentials, cred(1, "subjectuuid", nil), device.ReasonBody, "subjectuuid is missing"},
		{"creds: no type", ocf.PathCredentials, cred(1, "credtype", nil), device.ReasonBody, "credtype is missing"},
		{"creds: type as text", ocf.PathCredentials, cred(1, "credtype", "8"), device.ReasonBody, "want an integer"},
		{"creds: other type", ocf.PathCredentials, cred(1, "credtype", 2), device.ReasonBody, "credtype is 2"},
		{"creds: other usage", ocf.PathCredentials, cred(1, "credusage", "x"), device.ReasonBody, `credusage is "x"`},
		{"psk: other subject", ocf.PathCredentials, cred(0, "subjectuuid", otherID), device.ReasonBody, "want the owner"},
		{"psk: short", ocf.PathCredentials, cred(0, "privatedata", m{"data": "short", "encoding": ocf.EncodingRaw}),
			device.ReasonBody, "has 5 bytes, want 16"},
		{"psk: number", ocf.PathCredentials, cred(0, "privatedata", m{"data": 1, "encoding": ocf.EncodingRaw}),
			device.ReasonBody, "data is an integer"},
		{"psk: encoding", ocf.PathCredentials, cred(0, "privatedata", m{"data": psk, "encoding": ocf.EncodingPEM}),
			device.ReasonBody, "privatedata.encoding"},
		{"identity: other subject", ocf.PathCredentials, cred(1, "subjectuuid", otherID), device.ReasonIdentity, "want the device id"},
		{"identity: no PEM", ocf.PathCredentials, cred(1, "publicdata", m{"data": "x", "encoding": ocf.EncodingPEM}),
			device.ReasonBody, "are no PEM"},
		{"identity: encoding", ocf.PathCredentials, cred(1, "publicdata", m{"data": "x", "encoding": "oic.sec.encoding.der"}),
			device.ReasonBody, "publicdata.encoding"},
		{"identity: no data", ocf.PathCredentials, cred(1, "publicdata", nil), device.ReasonBody, "publicdata is missing"},
		{"identity: none", ocf.PathCredentials, func(a answer) answer {
			return a.field("creds", a.body.(m)["creds"].([]any)[2:])
		}, device.ReasonIdentity, "no credential"},
		{"identity: two", ocf.PathCredentials, func(a answer) answer {
			creds := a.body.(m)["creds"].([]any)
			return a.field("creds", []any{creds[1], creds[1], creds[2]})
		}, device.ReasonIdentity, "second identity"},
		{"anchor: none", ocf.PathCredentials, func(a answer) answer {
			return a.field("creds", a.body.(m)["creds"].([]any)[:2])
		}, device.ReasonIdentity, "chain to a trust anchor"},
		{"anchor: of a hub alone", ocf.PathCredentials, cred(2, "subjectuuid", hubID), device.ReasonIdentity, "chain to a trust anchor"},

		{"acls: missing", ocf.PathACLs, field("aclist2", nil), device.ReasonBody, "aclist2 is missing"},
		{"acls: rowneruuid", ocf.PathACLs, field("rowneruuid", owner), device.ReasonUnknownKey, "rowneruuid"},
		{"acls: nobody owns", ocf.PathACLs, field("aclist2", []any{}), device.ReasonBody, "lets in the owner"},
		{"acls: hub forgotten", ocf.PathACLs, field("aclist2", rightACLs()[:2]), device.ReasonBody, "lets in the hub"},
		{"ace: unknown key", ocf.PathACLs, ace("aceid", 1), device.ReasonUnknownKey, "aclist2[1].aceid"},
		{"ace: no tag", ocf.PathACLs, ace("tag", nil), device.ReasonBody, "tag is missing"},
		{"ace: no permission", ocf.PathACLs, ace("permission", nil), device.ReasonBody, "permission is missing"},
		{"ace: permission 0", ocf.PathACLs, ace("permission", 0), device.ReasonBody, "permission is 0"},
		{"ace: permission 32", ocf.PathACLs, ace("permission", 32), device.ReasonBody, "permission is 32"},
		{"ace: permission 2.0", ocf.PathACLs, ace("permission", 2.0), device.ReasonBody, "a float"},
		{"ace: no subject", ocf.PathACLs, ace("subject", nil), device.ReasonBody, "subject is missing"},
		{"ace: empty subject", ocf.PathACLs, ace("subject", m{}), device.ReasonBody, "uuid or conntype"},
		{"ace: two subjects", ocf.PathACLs, ace("subject", m{"uuid": owner, "conntype": "anon-clear"}), device.ReasonBody, "uuid or conntype"},
		{"ace: role", ocf.PathACLs, ace("subject", m{"role": "x"}), device.ReasonUnknownKey, "subject.role"},
		{"ace: connection type", ocf.PathACLs, ace("subject", m{"conntype": "x"}), device.ReasonBody, "anon-clear"},
		{"ace: no resources", ocf.PathACLs, ace("resources", nil), device.ReasonBody, "resources is missing"},
		{"ace: empty resources", ocf.PathACLs, ace("resources", []any{}), device.ReasonBody, "resources is empty"},
		{"resource: unknown key", ocf.PathACLs, resource(m{"href": "/a", "if": all, "rt": all}), device.ReasonUnknownKey, "resources[0].rt"},
		{"resource: no path", ocf.PathACLs, resource(m{"href": "a", "if": all}), device.ReasonBody, "a path from the root"},
		{"resource: neither", ocf.PathACLs, resource(m{"if": all}), device.ReasonBody, "href or wc"},
		{"resource: both", ocf.PathACLs, resource(m{"href": "/a", "wc": "*", "if": all}), device.ReasonBody, "href or wc"},
		{"resource: wildcard", ocf.PathACLs, resource(m{"wc": "+", "if": all}), device.ReasonBody, `wc is "+"`},
		{"resource: no interface", ocf.PathACLs, resource(m{"href": "/a"}), device.ReasonBody, `if is not ["*"]`},
		{"resource: other interface", ocf.PathACLs, resource(m{"href": "/a", "if": []string{"oic.if.r"}}), device.ReasonBody, `if is not ["*"]`},
	}
	steps := map[string]device.Step{ocf.PathTime: device.StepTime, ocf.PathOwnership: device.StepOwnership,
		ocf.PathCloudConfiguration: device.StepCloud, ocf.PathCredentials: device.StepCredentials, ocf.PathACLs: device.StepACLs}
	w := newWorld(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := &peer{world: w, script: at(tt.path, tt.change)}
			_, err := newDevice(t, w.config("coaps+tcp://"+p.listen(t))).Provision(t.Context())
			wantError(t, err, steps[tt.path], tt.reason, tt.detail)
		})
	}
}

// TestWrongIdentity signs identity certificates that the device must not take.
func TestWrongIdentity(t *testing.T) {
	w := newWorld(t)
	now := time.Now()
	otherKey, err := pki.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		csr    func(csr *x509.CertificateRequest)
		opt    pki.Option
		detail string
	}{
		{"other key", func(csr *x509.CertificateRequest) { csr.PublicKey = &otherKey.PublicKey }, nil, "its key is not"},
		{"other name", func(csr *x509.CertificateRequest) { csr.Subject = pkix.Name{CommonName: "uuid:" + otherID} }, nil, "common name"},
		{"no serverAuth", nil, pki.EKU(x509.ExtKeyUsageClientAuth), "serverAuth is missing"},
		{"no clientAuth", nil, pki.EKU(x509.ExtKeyUsageServerAuth), "clientAuth is missing"},
		{"no identity usage", nil, pki.UnknownEKU(), "1.3.6.1.4.1.44924.1.6 is missing"},
		{"not yet valid", nil, pki.Validity(now.Add(time.Hour), now.Add(48*time.Hour)), "not valid before"},
		{"expires within the hour", nil, pki.Validity(now.Add(-time.Hour), now.Add(59*time.Minute)), "expires"},
		{"authority", nil, func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }, "authority"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &peer{world: w, script: func(q received, a answer) answer {
				if q.path != ocf.PathCredentials {
					return a
				}
				csr := q.csr()
				if tt.csr != nil {
					tt.csr(csr)
				}
				if tt.opt == nil {
					return a.field("creds", w.credentials(csr))
				}
				return a.field("creds", w.credentials(csr, tt.opt))
			}}
			_, err := newDevice(t, w.config("coaps+tcp://"+p.listen(t))).Provision(t.Context())
			wantError(t, err, device.StepCredentials, device.ReasonIdentity, tt.detail)
		})
	}
}

func TestIdentityChainWithRoot(t *testing.T) {
	w := newWorld(t)
	p := &peer{world: w, script: at(ocf.PathCredentials, func(a answer) answer {
		identity := a.body.(m)["creds"].([]any)[1].(m)["publicdata"].(m)["data"].(string)
		return a.entry("creds", 1, "publicdata", m{"data": identity + string(w.identityRoot.CertificatePEM()), "encoding": ocf.EncodingPEM})
	})}
	_, err := newDevice(t, w.config("coaps+tcp://"+p.listen(t))).Provision(t.Context())
	wantError(t, err, device.StepCredentials, device.ReasonIdentity, "carries its root")
}

func TestCSR(t *testing.T) {
	p := &peer{world: newWorld(t)}
	if _, err := newDevice(t, p.world.config("coaps+tcp://"+p.listen(t))).Provision(t.Context()); err != nil {
		t.Fatal(err)
	}
	requests, _ := p.got()
	csr := requests[3].csr()
	key, ok := csr.PublicKey.(*ecdsa.PublicKey)
	if err := csr.CheckSignature(); err != nil || !ok || key.Params().Name != "P-256" || csr.SignatureAlgorithm != x509.ECDSAWithSHA256 {
		t.Errorf("CSR with %T and %v: %v", csr.PublicKey, csr.SignatureAlgorithm, err)
	}
	if csr.Subject.String() != "CN=uuid:"+deviceID || len(csr.Extensions) > 0 {
		t.Errorf("subject %s, %d extensions; want the common name alone", csr.Subject, len(csr.Extensions))
	}
}
