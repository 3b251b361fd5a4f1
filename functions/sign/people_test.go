package sign_test

import (
	"testing"

	"dps/functions/sign"
	"dps/shared/certauthority"
	"dps/shared/dps"
	"dps/shared/hubtest"
	"dps/shared/oauth"
)

// TestPeople: a member of the security domain that is no device gets its certificate, root included, and the audit knows of it.
func TestPeople(t *testing.T) {
	w := hubtest.NewWorld(t)
	tokens, authorities := oauth.New(w.Secrets, w.Clock.Now), certauthority.New(w.Secrets)
	t.Cleanup(func() { _, _ = tokens.Close(), authorities.Close() })
	h := sign.New(w.Store, tokens, authorities, w.Secrets, w.Clock.Now)
	hub := hubtest.Must(w.Store.Hub(t.Context(), hubtest.HubEntry))(t)
	csr := newCSR(t, dps.OwnerUUID(hubtest.Owner))

	answer := hubtest.Must(sign.NewPeople(h, w.Store).Sign(t.Context(), hub, csr))(t)
	chain := hubtest.Must(dps.ParseCertificatesPEM([]byte(answer), 10))(t)
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

	if _, err := sign.NewPeople(h, noAudit{w.Store}).Sign(t.Context(), hub, csr); dps.CodeOf(err) != dps.CodeUnavailable {
		t.Errorf("without an audit: %v", err)
	}
	before, _ := w.CA.Calls()
	if _, err := sign.NewPeople(h, w.Store).Sign(t.Context(), hub, newCSR(t, hubtest.Device.DeviceID)); dps.CodeOf(err) != dps.CodeInvalid {
		t.Errorf("another's name: %v", err)
	}
	if after, _ := w.CA.Calls(); after != before {
		t.Error("the authority was asked for another's name")
	}
}
