package reach

import (
	"context"

	"github.com/fxamacker/cbor/v2"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/dps"
	"dps/shared/ocf"
)

// transfer is one ownership transfer.
type transfer struct {
	client *Client
	id     string
	found  found
	creds  Credentials
	key    PSK
}

// choose asks the device in the clear whether it can be owned, and selects the method. True: it is ours already.
func (t *transfer) choose(ctx context.Context) (ours bool, err error) {
	last := fail(ReasonNoAnswer, nil, "device %s does not answer where it was discovered: discover it again", t.id)
	for _, e := range t.found.endpoints {
		if e.scheme != ocf.SchemeUDP {
			continue
		}
		ours, err := t.chooseAt(ctx, e)
		if err == nil || ReasonOf(err) == ReasonOwned {
			return ours, err
		}
		last = err
	}
	return false, last
}

func (t *transfer) chooseAt(ctx context.Context, e endpoint) (ours bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, t.client.o.Timeout)
	defer cancel()
	l, err := t.client.dialClear(ctx, e.addr)
	if err != nil {
		return false, fail(ReasonNoAnswer, err, "device %s cannot be reached", t.id)
	}
	defer l.close()
	var doxm ocf.Doxm
	if err := readOver(ctx, l, t.id, ocf.PathDoxm, &doxm); err != nil {
		if ReasonOf(err) == ReasonForbidden {
			err = fail(ReasonRefused, err, "device %s does not say whose it is: somebody may be taking it over just now, or it is owned and strict", t.id)
		}
		return false, err
	}
	d := Device{}
	t.client.noteOwner(&d, doxm)
	switch u, _ := dps.ParseUUID(doxm.DeviceID); {
	case u != t.id:
		return false, fail(ReasonImpostor, nil, "device %s now calls itself %q: discover it again", t.id, clip(doxm.DeviceID))
	case d.Ownership == OwnershipOurs:
		return true, nil
	case d.Ownership != OwnershipUnowned:
		return false, fail(ReasonOwned, nil, "device %s has an owner already (%s): only he can give it up, or a factory reset at the device", t.id, d.OwnerID)
	case !d.CanOwn:
		return false, fail(ReasonRefused, nil, "device %s does not offer ownership transfer by manufacturer certificate", t.id)
	}
	method := ocf.OwnerTransferManufacturer
	return false, t.post(ctx, l, ocf.PathDoxm, ocf.DoxmUpdate{Selected: &method})
}

// takeOver makes us the owner, over a session in which the device shows its manufacturer's certificate.
func (t *transfer) takeOver(ctx context.Context) error {
	last := fail(ReasonNoCredentials, nil, "device %s offers no coaps (DTLS) endpoint, over which ownership is taken", t.id)
	for _, e := range t.found.endpoints {
		if e.scheme != ocf.SchemeUDPSecure {
			continue
		}
		l, err := t.dialManufacturer(ctx, e)
		if err != nil {
			last = err
			continue
		}
		defer l.close()
		return t.undone(ctx, l, t.steps(ctx, l))
	}
	return last
}

func (t *transfer) dialManufacturer(ctx context.Context, e endpoint) (link, error) {
	ctx, cancel := context.WithTimeout(ctx, t.client.o.Timeout)
	defer cancel()
	h := new(handshake)
	verify := func(raw [][]byte) error {
		return verifyManufacturer(t.id, raw, t.client.o.ManufacturerRoots, t.client.o.Clock())
	}
	conn, err := dialDTLS(ctx, e.addr.String(), h, h.withCertificate(Credentials{}, verify)...)
	if err != nil {
		if _, _, rejected := h.seen(); rejected != nil {
			return nil, rejected
		}
		if isAlert(err) {
			return nil, fail(ReasonRefused, err, "device %s refuses the ownership transfer: somebody else may be taking it over", t.id)
		}
		return nil, fail(ReasonNoAnswer, err, "device %s does not answer where it was discovered: discover it again", t.id)
	}
	return newDatagramLink(ctx, conn, t.client.o.MaxAnswer, t.client.o.Timeout), nil
}

// steps tells the device everything that makes it ours.
func (t *transfer) steps(ctx context.Context, l link) error {
	var doxm ocf.Doxm
	if err := readOver(ctx, l, t.id, ocf.PathDoxm, &doxm); err != nil {
		return err
	}
	if u, _ := dps.ParseUUID(doxm.DeviceID); u != t.id {
		return fail(ReasonImpostor, nil, "device %s is not who it says it is: in the session it calls itself %q", t.id, clip(doxm.DeviceID))
	}
	us, mode, owned := t.key.SubjectID, ocf.OperationalModeClient, true
	for _, s := range []struct {
		href string
		body any
	}{
		{ocf.PathPstat, ocf.PstatUpdate{Mode: &mode}},
		{ocf.PathDoxm, ocf.DoxmUpdate{DeviceID: &t.id}},
		{ocf.PathDoxm, ocf.DoxmUpdate{OwnerID: &us}},
		{ocf.PathCred, ocf.Cred{ResourceOwner: us, Entries: []ocf.CredEntry{{Subject: us, Type: ocf.CredentialTypeSymmetric,
			PrivateData: &ocf.CredData{Data: t.key.Key[:], Encoding: ocf.EncodingRaw}}}}},
		{ocf.PathACL2, ocf.ACL2{ResourceOwner: us}},
		{ocf.PathPstat, ocf.PstatUpdate{ResourceOwner: &us}},
		{ocf.PathDoxm, ocf.DoxmUpdate{ResourceOwner: &us, Owned: &owned}},
		{ocf.PathPstat, stateUpdate(ocf.StateRFPRO)},
	} {
		if err := t.post(ctx, l, s.href, s.body); err != nil {
			return err
		}
	}
	return nil
}

// finish gives the device its access control entries, over a session by our key, and puts it to work. A device that is at work
// stays as it is; one whose transfer broke off after it was ours goes on from there. The session is kept.
func (t *transfer) finish(ctx context.Context, s *slot) error {
	l, err := t.client.dial(ctx, t.id, t.creds)
	if err != nil {
		return err
	}
	if err := t.undone(ctx, l, t.provision(ctx, l)); err != nil {
		l.close()
		return err
	}
	s.link, s.fingerprint = l, t.creds.fingerprint()
	return nil
}

func (t *transfer) provision(ctx context.Context, l link) error {
	var pstat ocf.Pstat
	if err := readOver(ctx, l, t.id, ocf.PathPstat, &pstat); err != nil {
		return err
	}
	switch pstat.State.State {
	case ocf.StateRFNOP:
		return nil
	case ocf.StateRFOTM:
		if err := t.post(ctx, l, ocf.PathPstat, stateUpdate(ocf.StateRFPRO)); err != nil {
			return err
		}
	}
	if err := t.delete(ctx, l, ocf.PathACL2); err != nil {
		return err
	}
	if err := t.post(ctx, l, ocf.PathACL2, ocf.ACL2{Entries: ownerACEs(t.key.SubjectID)}); err != nil {
		return err
	}
	return t.post(ctx, l, ocf.PathPstat, stateUpdate(ocf.StateRFNOP))
}

// undone resets a device that is half ours where err says that something failed, within a time of its own: ctx may be over.
// It gives err: what fails here fails twice, and the log is told.
func (t *transfer) undone(ctx context.Context, l link, err error) error {
	if err == nil || !l.open() {
		return err
	}
	if again := t.post(context.WithoutCancel(ctx), l, ocf.PathPstat, stateUpdate(ocf.StateReset)); again != nil {
		t.client.o.Log.Warn("device cannot be reset after a failed ownership transfer", "device", t.id, "error", again)
	}
	return err
}

func (t *transfer) post(ctx context.Context, l link, href string, body any) error {
	data, err := cbor.Marshal(body)
	if err != nil {
		return dps.Wrap(dps.CodeInternal, err, "request cannot be written")
	}
	return t.request(ctx, l, request{method: codes.POST, href: href, body: data})
}

func (t *transfer) delete(ctx context.Context, l link, href string) error {
	return t.request(ctx, l, request{method: codes.DELETE, href: href})
}

func (t *transfer) request(ctx context.Context, l link, q request) error {
	a, err := t.client.exchange(ctx, l, q)
	if err != nil {
		return explainExchange(t.id, err)
	}
	return refusal(t.id, q.href, a.code)
}
