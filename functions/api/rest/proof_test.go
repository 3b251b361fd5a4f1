package rest_test

import (
	"encoding/json"
	"testing"
	"time"

	"dps/functions/api/rest"
	"dps/shared/dps"
	"dps/shared/hubtest"
	"dps/shared/pki"
)

func proofOf(certificate []byte) string {
	data, _ := json.Marshal(map[string]string{"certificate": string(certificate)})
	return string(data)
}

// TestProofOfPossession: whose certificate it is, is shown by its key.
func TestProofOfPossession(t *testing.T) {
	w := newWorld(t, func(o *rest.Options) { o.ProofOfPossession = true })
	body, maker := w.groupBody(w.newHub(alice, hubID))
	made := w.extended(alice, "POST", pathGroups, body).do(201)
	id, _ := made.get("id").(string)
	challenge, _ := made.get("challenge").(string)
	target := pathGroups + "/" + id
	if challenge == "" || made.get("pending") != true {
		t.Fatalf("%s", made.body)
	}
	if g := hubtest.Must(w.store.Group(t.Context(), id))(t); g.Closed() == "" {
		t.Error("the group is open")
	}
	other := hubtest.Must(pki.NewRoot("maker"))(t) // the same name, another key
	old := pki.Validity(w.now.Add(-2*time.Hour), w.now.Add(-time.Hour))
	for name, certificate := range map[string]*pki.Pair{
		"another's": hubtest.Must(other.NewLeaf(challenge))(t), "another name": hubtest.Must(maker.NewLeaf("device"))(t), "old": hubtest.Must(maker.NewLeaf(challenge, old))(t), "the lead itself": maker,
	} {
		if a := w.extended(alice, "POST", target+"/proof", proofOf(certificate.CertificatePEM())).do(400); a.get("code") != "invalid" {
			t.Errorf("%s: %s", name, a.body)
		}
	}
	// Neither PUT nor PATCH lifts it, nor does a change keep an old proof.
	w.as(alice, "PUT", target, body).do(200)
	w.extended(alice, "PATCH", target, `{"challenge":"","pending":false}`).do(200)
	if a := w.extended(alice, "GET", target, "").do(200); a.get("challenge") != challenge {
		t.Errorf("%s", a.body)
	}
	proof := hubtest.Must(maker.NewLeaf(challenge))(t).CertificatePEM()
	w.extended(bob, "POST", target+"/proof", proofOf(proof)).do(404)
	proven := w.extended(alice, "POST", target+"/proof", proofOf(proof)).do(200)
	if proven.get("pending") != nil || proven.get("challenge") != nil {
		t.Errorf("%s", proven.body)
	}
	w.extended(alice, "PATCH", target, `{"name":"renamed"}`).do(200)
	if g := hubtest.Must(w.store.Group(t.Context(), id))(t); g.Closed() != "" {
		t.Error("renaming asks for proof again")
	}
	w.extended(alice, "PATCH", target, `{"attestationMechanism":{"x509":{"certificateChain":"`+dps.EncodeDataURI(other.CertificatePEM())+`"}}}`).do(200)
	again := w.extended(alice, "GET", target, "").do(200)
	if again.get("challenge") == nil || again.get("challenge") == challenge {
		t.Errorf("another certificate needs no proof: %s", again.body)
	}
	vouched := w.extended(alice, "POST", target+"/vouch", "").with("Authorization", w.token(alice, "dps:admin", nil)).do(200)
	if vouched.get("pending") != nil {
		t.Errorf("%s", vouched.body)
	}
}

func TestProofIsOffByDefault(t *testing.T) {
	w := newWorld(t, nil)
	if g := hubtest.Must(w.store.Group(t.Context(), w.newGroup(alice)))(t); g.Closed() != "" {
		t.Error(g.Closed())
	}
}
