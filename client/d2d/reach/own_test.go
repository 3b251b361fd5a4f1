package reach_test

import (
	"context"
	"log/slog"
	"net"
	"testing"

	"github.com/pion/dtls/v3"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/client/d2d/reach"
	"dps/client/device/local"
	"dps/shared/dps"
	"dps/shared/ocf"
)

// factoryFresh runs a device that nobody owns, and a client that trusts its manufacturer.
func factoryFresh(t *testing.T) (*local.Server, *domain, *reach.Client) {
	t.Helper()
	m, d := newMaker(t), newDomain(t)
	s := run(t, local.Config{Manufacturer: m.certificate(t)})
	c := client(t, d.byKey(), func(o *reach.Options) { o.ManufacturerRoots = m.root.Pool() })
	return s, d, c
}

func TestOwnUseDisown(t *testing.T) {
	s, d, c := factoryFresh(t)
	found := discover(t, c, clearAddress(t, s))
	if len(found) != 1 || found[0].Ownership != reach.OwnershipUnowned || !found[0].CanOwn {
		t.Fatalf("discovered %+v, want one device that can be owned", found)
	}
	id := found[0].ID
	if _, err := c.Read(t.Context(), id, "/light/1", ""); err == nil {
		t.Error("a device that nobody owns let itself be read")
	}
	for range 2 { // owning what is ours already changes nothing
		if err := c.Own(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if st := s.Status(); st.Owner != d.owner || st.State != ocf.StateRFNOP || st.DeviceID != id {
		t.Errorf("device is %+v, want owned by %s and in normal operation", st, d.owner)
	}
	if found := discover(t, c, clearAddress(t, s)); len(found) != 1 || found[0].Ownership != reach.OwnershipOurs || found[0].OwnerID != d.owner {
		t.Errorf("discovered %+v, want ours", found)
	}
	if _, err := c.Update(t.Context(), id, "/light/1", map[string]any{"power": 7}); err != nil {
		t.Fatal(err)
	}
	if got := must(c.Read(t.Context(), id, "/light/1", ""))(t).Value.(map[string]any); got["power"] != uint64(7) {
		t.Errorf("light is %v", got)
	}
	if err := c.Disown(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if st := s.Status(); st.Owner != "" || st.State != ocf.StateRFOTM || st.DeviceID == id {
		t.Errorf("device is %+v, want nobody's, with a new id", st)
	}
	_, err := c.Read(t.Context(), id, "/light/1", "")
	wantError(t, err, dps.CodeNotFound, reach.ReasonUnknown)
	found = discover(t, c, clearAddress(t, s))
	if len(found) != 1 || found[0].Ownership != reach.OwnershipUnowned {
		t.Fatalf("discovered %+v, want unowned again", found)
	}
	if err := c.Own(t.Context(), found[0].ID); err != nil {
		t.Fatalf("owning it again: %v", err)
	}
}

func TestOwnRefused(t *testing.T) {
	s, d, c := factoryFresh(t)
	id := discover(t, c, clearAddress(t, s))[0].ID
	t.Run("a manufacturer whom we do not trust", func(t *testing.T) {
		c := client(t, d.byKey(), func(o *reach.Options) { o.ManufacturerRoots = newMaker(t).root.Pool() })
		discover(t, c, clearAddress(t, s))
		wantError(t, c.Own(t.Context(), id), dps.CodeDenied, reach.ReasonNotOurs)
		if st := s.Status(); st.Owner != "" || st.DeviceID != id {
			t.Errorf("device is %+v after a refusal", st)
		}
	})
	t.Run("no manufacturer roots", func(t *testing.T) {
		wantError(t, client(t, d.byKey()).Own(t.Context(), id), dps.CodeInvalid, reach.ReasonNoCredentials)
	})
	t.Run("a certificate", func(t *testing.T) {
		wantError(t, client(t, d.byCertificate(t)).Own(t.Context(), id), dps.CodeInvalid, reach.ReasonNoCredentials)
	})
	t.Run("not discovered", func(t *testing.T) {
		wantError(t, c.Own(t.Context(), dps.NewUUID()), dps.CodeNotFound, reach.ReasonUnknown)
	})
	if err := c.Own(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	t.Run("another's", func(t *testing.T) {
		other := client(t, newDomain(t).byKey(), func(o *reach.Options) { o.ManufacturerRoots = newMaker(t).root.Pool() })
		if found := discover(t, other, clearAddress(t, s)); len(found) != 1 || found[0].Ownership != reach.OwnershipOther {
			t.Fatalf("discovered %+v, want another's", found)
		}
		wantError(t, other.Own(t.Context(), id), dps.CodeConflict, reach.ReasonOwned)
		wantError(t, other.Disown(t.Context(), id), dps.CodeDenied, reach.ReasonNotOurs)
	})
}

// TestOwnWhileAnotherDoes: the connection of an ownership transfer shuts everybody else out, and a device that is left half
// owned is nobody's.
func TestOwnWhileAnotherDoes(t *testing.T) {
	m, d, heard := newMaker(t), newDomain(t), make(notes, 100)
	s := run(t, local.Config{Manufacturer: m.certificate(t), Log: slog.New(heard)})
	c := client(t, d.byKey(), func(o *reach.Options) { o.ManufacturerRoots = m.root.Pool() })
	id := discover(t, c, clearAddress(t, s))[0].ID
	stuck := takeHold(t, s, c, id)
	heard.wait(t, "session")
	wantError(t, c.Own(t.Context(), id), dps.CodeInvalid, reach.ReasonRefused)
	_ = stuck.Close()
	heard.wait(t, "session ended")
	if err := c.Own(t.Context(), id); err != nil {
		t.Errorf("after the other has gone: %v", err)
	}
}

// takeHold opens the connection of an ownership transfer, and does nothing with it.
func takeHold(t *testing.T, s *local.Server, c *reach.Client, id string) net.Conn {
	t.Helper()
	if err := c.SelectOwnership(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	raw := must(net.Dial("udp", secureAddress(t, s)))(t)
	conn := must(dtls.ClientWithOptions(packets{raw}, raw.RemoteAddr(), dtls.WithInsecureSkipVerify(true)))(t)
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	return conn
}

// TestOwnResumes: the transfer breaks off after the device is ours; owning again goes on from there.
func TestOwnResumes(t *testing.T) {
	s, d, c := factoryFresh(t)
	id := discover(t, c, clearAddress(t, s))[0].ID
	if err := c.Own(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	back := func(to ocf.OnboardingState) {
		t.Helper()
		code, err := c.Do(t.Context(), id, codes.POST, ocf.PathPstat, nil, ocf.PstatUpdate{State: &ocf.PstatStateUpdate{State: to}})
		if err != nil || code != codes.Changed {
			t.Fatalf("to state %d: %v, %v", to, code, err)
		}
	}
	back(ocf.StateRFPRO)
	_, err := c.Read(t.Context(), id, "/light/1", "")
	wantError(t, err, dps.CodeDenied, reach.ReasonForbidden)
	if err := c.Own(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if st := s.Status(); st.State != ocf.StateRFNOP || st.Owner != d.owner {
		t.Errorf("device is %+v, want in normal operation", st)
	}
	if _, err := c.Read(t.Context(), id, "/light/1", ""); err != nil {
		t.Error(err)
	}
}

// TestWithdrawn: a client whose credential the owner takes away is out, his open session too.
func TestWithdrawn(t *testing.T) {
	d := newDomain(t)
	guest, guestKey := dps.NewUUID(), [16]byte{9}
	p := d.provisioned(t)
	p.ACEs = append(p.ACEs, aces(guest)[0])
	s := run(t, local.Config{Provisioned: p})
	owner := client(t, d.byCertificate(t))
	discover(t, owner, clearAddress(t, s))
	set := func(to ocf.OnboardingState) {
		t.Helper()
		if code, err := owner.Do(t.Context(), p.DeviceID, codes.POST, ocf.PathPstat, nil,
			ocf.PstatUpdate{State: &ocf.PstatStateUpdate{State: to}}); err != nil || code != codes.Changed {
			t.Fatalf("to state %d: %v, %v", to, code, err)
		}
	}
	set(ocf.StateRFPRO)
	code, err := owner.Do(t.Context(), p.DeviceID, codes.POST, ocf.PathCred, nil, ocf.Cred{Entries: []ocf.CredEntry{{Subject: guest,
		Type: ocf.CredentialTypeSymmetric, PrivateData: &ocf.CredData{Data: string(guestKey[:]), Encoding: ocf.EncodingRaw}}}})
	if err != nil || code != codes.Changed {
		t.Fatalf("a credential for the guest: %v, %v", code, err)
	}
	set(ocf.StateRFNOP)
	c := client(t, reach.Credentials{PSK: &reach.PSK{SubjectID: guest, Key: guestKey}})
	discover(t, c, clearAddress(t, s))
	if _, err := c.Read(t.Context(), p.DeviceID, "/light/1", ""); err != nil {
		t.Fatal(err)
	}
	set(ocf.StateRFPRO)
	if code, err := owner.Do(t.Context(), p.DeviceID, codes.DELETE, ocf.PathCred, []string{"credid=" + credID(t, owner, p.DeviceID, guest)}, nil); err != nil || code != codes.Deleted {
		t.Fatalf("withdrawing: %v, %v", code, err)
	}
	set(ocf.StateRFNOP)
	_, err = c.Read(t.Context(), p.DeviceID, "/light/1", "") // in the session that he has
	wantError(t, err, dps.CodeDenied, reach.ReasonForbidden)
	c.Forget()
	discover(t, c, clearAddress(t, s))
	_, err = c.Read(t.Context(), p.DeviceID, "/light/1", "") // in a new one
	wantError(t, err, dps.CodeDenied, reach.ReasonNotOurs)
}

// credID finds the credential of a subject; reading them shows no key.
func credID(t *testing.T, c *reach.Client, id, subject string) string {
	t.Helper()
	got := must(c.Read(context.Background(), id, ocf.PathCred, ""))(t)
	for _, e := range got.Value.(map[string]any)["creds"].([]any) {
		m := e.(map[string]any)
		if private, ok := m["privatedata"].(map[string]any); ok {
			if data, _ := private["data"].([]byte); len(data) > 0 {
				t.Errorf("the device shows %d bytes of a key", len(data))
			}
		}
		if m["subjectuuid"] == subject {
			return number(m["credid"])
		}
	}
	t.Fatalf("no credential of %s", subject)
	return ""
}
