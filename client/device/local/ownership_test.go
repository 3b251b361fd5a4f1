package local

import (
	"crypto/x509"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/dps"
	"dps/shared/ocf"
	"dps/shared/pki"
)

type m = map[string]any

// step is one request of an ownership transfer, and the code that it must get.
type step struct {
	path string
	body any
	want codes.Code
}

var keyCred = m{"creds": []any{m{"subjectuuid": owner, "credtype": 1, "privatedata": m{"data": "0123456789abcdef", "encoding": ocf.EncodingRaw}}}, "rowneruuid": owner}

// TestTransfer goes through an ownership transfer as iotivity-lite's onboarding tool orders it, with every wrong turn.
func TestTransfer(t *testing.T) {
	s := bare(t, nil)
	doc := &peer{secure: true, transfers: true}
	try := func(p *peer, steps ...step) {
		t.Helper()
		for _, x := range steps {
			if got := s.answer(p, post(t, x.path, x.body)).code; got != x.want {
				t.Errorf("POST %s %v: %v, want %v", x.path, x.body, got, x.want)
			}
		}
	}
	try(&peer{},
		step{ocf.PathDoxm, m{"oxmsel": 0}, codes.BadRequest}, // just works: not offered
		step{ocf.PathDoxm, m{"owned": true}, codes.Forbidden},
		step{ocf.PathDoxm, m{"devowneruuid": owner}, codes.Forbidden},
		step{ocf.PathDoxm, m{"nonsense": 1}, codes.BadRequest},
		step{ocf.PathPstat, m{"dos": m{"s": 1}}, codes.Unauthorized},
		step{ocf.PathDoxm, m{"oxmsel": 2}, codes.Changed})
	ses, _ := s.sessions.enter(nil)
	s.sessions.admit(ses, doc)
	try(&peer{}, step{ocf.PathDoxm, m{"oxmsel": 2}, codes.Unauthorized})
	try(doc,
		step{ocf.PathPstat, m{"om": 4}, codes.Changed},
		step{ocf.PathPstat, m{"om": 3}, codes.BadRequest},
		step{ocf.PathPstat, m{"dos": m{"s": 3}}, codes.BadRequest}, // nobody's yet
		step{ocf.PathPstat, m{"dos": m{"s": 2, "p": true}}, codes.BadRequest},
		step{ocf.PathDoxm, m{"oxmsel": 2}, codes.BadRequest}, // too late
		step{ocf.PathDoxm, m{"devowneruuid": dps.NilUUID}, codes.BadRequest},
		step{ocf.PathDoxm, m{"devowneruuid": owner}, codes.Changed},
		step{ocf.PathDoxm, m{"deviceuuid": "44444444-4444-4444-8444-444444444444"}, codes.Changed},
		step{ocf.PathDoxm, m{"owned": true}, codes.BadRequest}, // the owner has no credential: he could never come back
		step{ocf.PathCred, m{"creds": []any{m{"subjectuuid": owner, "credtype": 1, "privatedata": m{"data": "short", "encoding": ocf.EncodingRaw}}}}, codes.BadRequest},
		step{ocf.PathCred, m{"creds": []any{m{"subjectuuid": owner, "credtype": 1}}}, codes.BadRequest},
		step{ocf.PathCred, m{"creds": []any{m{"subjectuuid": "x", "credtype": 1, "privatedata": m{"data": "0123456789abcdef", "encoding": ocf.EncodingRaw}}}}, codes.BadRequest},
		step{ocf.PathCred, m{"creds": []any{m{"subjectuuid": owner, "credtype": 8, "credusage": ocf.UsageTrustAnchor,
			"publicdata": m{"data": "no PEM", "encoding": ocf.EncodingPEM}}}}, codes.BadRequest},
		step{ocf.PathCred, keyCred, codes.Changed},
		step{ocf.PathDoxm, m{"rowneruuid": owner}, codes.Changed},
		step{ocf.PathACL2, m{"rowneruuid": owner}, codes.Changed},
		step{ocf.PathDoxm, m{"owned": true}, codes.Changed},
		step{ocf.PathPstat, m{"dos": m{"s": 2}}, codes.BadRequest}, // pstat has no owner
		step{ocf.PathPstat, m{"rowneruuid": owner}, codes.Changed})
	by := must(s.state.admitKey([]byte("\x11\x11\x11\x11\x11\x11\x41\x11\x81\x11\x11\x11\x11\x11\x11\x11")))(t)
	try(by,
		step{ocf.PathPstat, m{"dos": m{"s": 2}}, codes.Changed},
		step{ocf.PathACL2, m{"aclist2": []any{m{"subject": m{"uuid": owner}, "permission": 32, "resources": []any{m{"wc": "*"}}}}}, codes.BadRequest},
		step{ocf.PathACL2, m{"aclist2": []any{m{"subject": m{}, "permission": 31, "resources": []any{m{"wc": "*"}}}}}, codes.BadRequest},
		step{ocf.PathACL2, m{"aclist2": []any{m{"subject": m{"uuid": owner}, "permission": 31, "resources": []any{m{}}}}}, codes.BadRequest},
		step{ocf.PathACL2, m{"aclist2": []any{m{"subject": m{"uuid": owner}, "permission": 31, "resources": []any{m{"wc": "*"}}}}}, codes.Changed},
		step{ocf.PathPstat, m{"dos": m{"s": 1}}, codes.BadRequest}, // no way back but a reset
		step{ocf.PathPstat, m{"dos": m{"s": 3}}, codes.Changed},
		step{ocf.PathCred, keyCred, codes.BadRequest}, // not in normal operation
		step{"/light/1", m{"state": true}, codes.Changed})
	try(doc, step{ocf.PathPstat, m{"dos": m{"s": 0}}, codes.Unauthorized}) // the transfer is over
	if st := s.Status(); st.Owner != owner || st.State != ocf.StateRFNOP || !strings.HasPrefix(st.DeviceID, "44444444") {
		t.Errorf("device is %+v", st)
	}
	try(by, step{ocf.PathPstat, m{"dos": m{"s": 0}}, codes.Changed})
	if st := s.Status(); st.Owner != "" || st.State != ocf.StateRFOTM || s.light.on {
		t.Errorf("device is %+v after a reset, light %t", st, s.light.on)
	}
	try(by, step{"/light/1", m{"state": true}, codes.Unauthorized}) // his credential is gone
}

// TestBrokenTransfer: whoever leaves in the middle leaves nothing behind.
func TestBrokenTransfer(t *testing.T) {
	s := bare(t, nil)
	id, doc := s.state.deviceID, &peer{secure: true, transfers: true}
	s.left(doc)
	if s.state.deviceID != id {
		t.Error("a transfer that never began changed the device's id")
	}
	s.answer(&peer{}, post(t, ocf.PathDoxm, m{"oxmsel": 2}))
	s.answer(doc, post(t, ocf.PathDoxm, m{"devowneruuid": owner}))
	s.answer(doc, post(t, ocf.PathCred, keyCred))
	s.left(doc)
	if st := s.state; st.owner != "" || len(st.creds) != 0 || st.selected != ocf.OwnerTransferSelf || st.deviceID == id {
		t.Errorf("after a broken transfer the device is %+v", st)
	}
}

// TestIdsAreNotUsedAgain: a session of before a reset must not pass for one of a credential after it.
func TestIdsAreNotUsedAgain(t *testing.T) {
	s := bare(t, owned())
	old := &peer{secure: true, id: owner, credential: s.state.creds[0].id}
	s.state = s.reset(s.state, dps.NewUUID())
	c := must(pskCredential(dps.NewUUID(), make([]byte, keySize)))(t)
	s.state.addCredential(c)
	if s.state.stillAdmits(old, s.cfg.Clock()) {
		t.Error("the old owner's session is let in by the new owner's credential")
	}
}

func TestBounds(t *testing.T) {
	s := bare(t, owned())
	s.state.dos = ocf.StateRFPRO
	by := &peer{secure: true, id: owner, credential: s.state.creds[0].id}
	var creds, aces []any
	for range maxCredentials + 1 {
		creds = append(creds, m{"subjectuuid": dps.NewUUID(), "credtype": 1, "privatedata": m{"data": make([]byte, 16), "encoding": ocf.EncodingRaw}})
	}
	for range maxEntries + 1 {
		aces = append(aces, m{"subject": m{"uuid": owner}, "permission": 2, "resources": []any{m{"href": "/a"}}})
	}
	for path, body := range map[string]any{ocf.PathCred: m{"creds": creds}, ocf.PathACL2: m{"aclist2": aces}} {
		if got := s.answer(by, post(t, path, body)).code; got != codes.RequestEntityTooLarge {
			t.Errorf("%s: %v, want 4.13", path, got)
		}
	}
	if len(s.state.creds) != 1 {
		t.Errorf("%d credentials are left of a request that was refused", len(s.state.creds))
	}
}

// TestWrittenAnchor: an owner can add a trust anchor, and whoever it vouches for gets in; it can be read back, and withdrawn.
func TestWrittenAnchor(t *testing.T) {
	s := bare(t, owned())
	s.state.dos = ocf.StateRFPRO
	by := &peer{secure: true, id: owner, credential: s.state.creds[0].id}
	ca := must(pki.NewRoot("new"))(t)
	leaf := must(ca.NewLeaf("uuid:"+owner, pki.UnknownEKU(pki.OIDIdentity)))(t)
	anchor := func(subject string, pair *pki.Pair) any {
		return m{"creds": []any{m{"subjectuuid": subject, "credtype": 8, "credusage": ocf.UsageTrustAnchor,
			"publicdata": m{"data": string(pair.CertificatePEM()), "encoding": ocf.EncodingPEM}}}}
	}
	for _, x := range []step{
		{ocf.PathCred, anchor("nobody", ca), codes.BadRequest},
		{ocf.PathCred, anchor(owner, leaf), codes.BadRequest}, // no authority
		{ocf.PathCred, anchor(owner, ca), codes.Changed},
		{ocf.PathCred, anchor(ocf.SubjectAny, ca), codes.Changed},
	} {
		if got := s.answer(by, post(t, x.path, x.body)).code; got != x.want {
			t.Errorf("%v: %v, want %v", x.body, got, x.want)
		}
	}
	chain := []*x509.Certificate{leaf.Certificate}
	p := must(s.state.admitCertificate(chain, time.Now()))(t)
	if out := s.answer(by, request{method: codes.GET, path: ocf.PathCred}); len(out.value.(ocf.Cred).Entries) != 3 {
		t.Errorf("credentials are %+v", out.value)
	}
	del := request{method: codes.DELETE, path: ocf.PathCred, query: url.Values{"credid": {strconv.Itoa(p.credential)}}}
	if out := s.answer(by, del); out.code != codes.Deleted || s.state.stillAdmits(p, time.Now()) {
		t.Errorf("withdrawn: %v; the session goes on: %t", out.code, s.state.stillAdmits(p, time.Now()))
	}
	if out := s.answer(by, del); out.code != codes.NotFound {
		t.Errorf("withdrawn again: %v", out.code)
	}
}

func TestAddresses(t *testing.T) {
	for host, want := range map[string]string{"127.0.0.1": "127.0.0.1", "::1": "::1", "fe80::1%lo": "fe80::1"} {
		if got := must(hostsOf(host))(t); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %v", host, got)
		}
	}
	for _, host := range []string{"", "0.0.0.0", "::"} {
		for _, a := range must(hostsOf(host))(t) {
			if ip := netip.MustParseAddr(a); ip.IsUnspecified() || ip.Zone() != "" {
				t.Errorf("%q: links would name %s", host, a)
			}
		}
	}
	if g := DefaultGroups("eth0"); len(g) != 4 || g[0].Address != ocf.MulticastIPv4 || g[0].Interface != "eth0" {
		t.Errorf("groups are %+v", g)
	}
}
