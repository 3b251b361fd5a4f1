package sign_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"dps/functions/sign"
	"dps/shared/certauthority"
	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/hubtest"
	"dps/shared/oauth"
)

func ownerHandler(t *testing.T, w *hubtest.World) *sign.Handler {
	t.Helper()
	tokens, authorities := oauth.New(w.Secrets, w.Clock.Now), certauthority.New(w.Secrets)
	t.Cleanup(func() { _, _ = tokens.Close(), authorities.Close() })
	return sign.New(w.Store, tokens, authorities, w.Secrets, w.Clock.Now)
}

// TestPeople: a member of the security domain that is no device gets its certificate, root included, and the audit knows of it.
func TestPeople(t *testing.T) {
	w := hubtest.NewWorld(t)
	h := ownerHandler(t, w)
	req := contract.OwnerSignRequest{HubID: hubtest.HubEntry, Owner: hubtest.Owner, CSR: newCSR(t, dps.OwnerUUID(hubtest.Owner))}

	reply := hubtest.Must(h.HandleOwner(t.Context(), req))(t)
	chain := hubtest.Must(dps.ParseCertificatesPEM([]byte(reply.CertificateChain), 10))(t)
	if len(chain) != 3 || !chain[2].Equal(w.CA.Root.Certificate) || chain[0].Subject.CommonName != "uuid:"+dps.OwnerUUID(hubtest.Owner) {
		t.Fatalf("chain of %d, leaf %s", len(chain), chain[0].Subject)
	}
	entries := w.Audit(t, dps.RecordID(chain[0].RawSubjectPublicKeyInfo))
	if len(entries) != 1 || entries[0].Owner != hubtest.Owner || entries[0].HubID != hubtest.HubEntry || entries[0].Serial != chain[0].SerialNumber.Text(16) {
		t.Errorf("audit %+v", entries)
	}
	if _, err := w.Store.Binding(t.Context(), dps.OwnerUUID(hubtest.Owner)); dps.CodeOf(err) != dps.CodeNotFound {
		t.Errorf("a person is bound like a device: %v", err)
	}

	tokens, authorities := oauth.New(w.Secrets, w.Clock.Now), certauthority.New(w.Secrets)
	t.Cleanup(func() { _, _ = tokens.Close(), authorities.Close() })
	unaudited := sign.New(noAudit{w.Store}, tokens, authorities, w.Secrets, w.Clock.Now)
	if _, err := unaudited.HandleOwner(t.Context(), req); dps.CodeOf(err) != dps.CodeUnavailable {
		t.Errorf("without an audit: %v", err)
	}
}

// TestPeopleAreRefused before the authority hears of them.
func TestPeopleAreRefused(t *testing.T) {
	w := hubtest.NewWorld(t)
	h := ownerHandler(t, w)
	for name, tt := range map[string]struct {
		hub, owner, csr string
		code            dps.Code
	}{
		"another's name":  {hubtest.HubEntry, hubtest.Owner, hubtest.Device.DeviceID, dps.CodeInvalid},
		"another's hub":   {hubtest.HubEntry, "another", dps.OwnerUUID("another"), dps.CodeNotFound},
		"a hub not there": {"gone", hubtest.Owner, dps.OwnerUUID(hubtest.Owner), dps.CodeNotFound},
		"no hub":          {"", hubtest.Owner, dps.OwnerUUID(hubtest.Owner), dps.CodeInvalid},
		"no owner":        {hubtest.HubEntry, "", dps.OwnerUUID(""), dps.CodeInvalid},
	} {
		_, err := h.HandleOwner(t.Context(), contract.OwnerSignRequest{HubID: tt.hub, Owner: tt.owner, CSR: newCSR(t, tt.csr)})
		if dps.CodeOf(err) != tt.code {
			t.Errorf("%s: %v, want %s", name, err, tt.code)
		}
	}
	if calls, _ := w.CA.Calls(); calls != 0 {
		t.Errorf("the authority was asked %d times", calls)
	}
}

// TestCheck says of each part of a hub whether it works, and what to do.
func TestCheck(t *testing.T) {
	check := func(t *testing.T, w *hubtest.World) map[string]contract.HubCheck {
		t.Helper()
		reply := hubtest.Must(ownerHandler(t, w).HandleCheck(t.Context(), contract.HubCheckRequest{HubID: hubtest.HubEntry, Owner: hubtest.Owner}))(t)
		byName := make(map[string]contract.HubCheck)
		for _, c := range reply.Checks {
			byName[c.Name] = c
			if !c.OK && (c.Remedy == "" || c.Detail == "") {
				t.Errorf("%+v does not say why, or what to do", c)
			}
		}
		return byName
	}
	t.Run("all is well", func(t *testing.T) {
		w := hubtest.NewWorld(t)
		for name, c := range check(t, w) {
			if !c.OK || !c.ValidUntil.After(w.Clock.Now()) {
				t.Errorf("%s: %+v", name, c)
			}
		}
		if _, grants := w.OAuth.Calls(); grants != 2 {
			t.Errorf("%d tokens were obtained: one that was remembered shows nothing", grants)
		}
	})
	t.Run("no token", func(t *testing.T) {
		w := hubtest.NewWorld(t)
		w.ChangeHub(t, func(h *dps.Hub) { h.Authorization.Provider.Authority = "https://127.0.0.1:1" })
		checks := check(t, w)
		if checks[contract.CheckToken].OK || checks[contract.CheckAuthority].OK || !checks[contract.CheckClientCertificate].OK {
			t.Errorf("%+v", checks)
		}
	})
	t.Run("the authority refuses the token", func(t *testing.T) {
		w := hubtest.NewWorld(t)
		w.CA.Do(func(ca *hubtest.CA) {
			ca.OnSign = func(context.Context, []byte, string) ([]byte, error) {
				return nil, status.Error(codes.Unauthenticated, "no")
			}
		})
		checks := check(t, w)
		if !checks[contract.CheckToken].OK || checks[contract.CheckAuthority].OK {
			t.Errorf("%+v", checks)
		}
	})
	t.Run("the client certificate has expired", func(t *testing.T) {
		w := hubtest.NewWorld(t)
		w.Clock.Advance(50 * 365 * 24 * time.Hour)
		if c := check(t, w)[contract.CheckClientCertificate]; c.OK {
			t.Errorf("%+v", c)
		}
	})
	t.Run("another's hub", func(t *testing.T) {
		w := hubtest.NewWorld(t)
		_, err := ownerHandler(t, w).HandleCheck(t.Context(), contract.HubCheckRequest{HubID: hubtest.HubEntry, Owner: "another"})
		if dps.CodeOf(err) != dps.CodeNotFound {
			t.Errorf("%v", err)
		}
	})
}
