//go:build iotivity

package iotivity_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dps/client/d2d/reach"
	"dps/localstack/stack"
	"dps/shared/dps"
	"dps/shared/pki"
)

// codes are iotivity-lite's numbers of 2.05 and 2.04: what each step must be answered with (PROTOCOL §3).
var codes = map[string]string{"time": "0", "ownership": "0", "cloud-configuration": "2", "credentials": "2", "acls": "0"}

// TestProvision: a device of another make, with another TLS and another CoAP, is provisioned by the service over either transport; it
// takes what it is given, is welcome at its hub, and lets in its owner by key and by certificate, and nobody else.
func TestProvision(t *testing.T) {
	s := must(stack.Start(t.Context(), stack.Options{Dir: t.TempDir()}))(t)
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	for _, protocol := range []string{"tcp", "udp"} {
		t.Run(protocol, func(t *testing.T) {
			lamp := must(s.PKI.Manufacturer.NewLeaf("iotivity-lamp"))(t)
			id := heard(t, run(t, "provision", lamp, s.PKI.ServiceRoot, s.Endpoint(protocol)))
			atHub(t, s, id)
			us, stranger := dps.OwnerUUID(stack.Owner), dps.NewUUID()
			for _, who := range []struct {
				name  string
				shows reach.Credentials
				want  reach.Reason // "": gets in
			}{
				{"the owner's certificate", identity(t, s.Hub.PKI.Issuer, s.Hub.PKI.Root, us), ""},
				{"the owner's key", reach.Credentials{PSK: &reach.PSK{SubjectID: us, Key: groupKey(t, s)}}, ""},
				{"another owner's certificate", identity(t, s.Hub.PKI.Issuer, s.Hub.PKI.Root, stranger), reach.ReasonForbidden},
				{"another key", reach.Credentials{PSK: &reach.PSK{SubjectID: us}}, reach.ReasonNotOurs},
			} {
				t.Run(who.name, func(t *testing.T) {
					c := must(reach.New(reach.Options{Credentials: func() (reach.Credentials, error) { return who.shows, nil }}))(t)
					t.Cleanup(c.Close)
					if d := find(t, c, byAddress(t)); d.ID != id || (d.Ownership == reach.OwnershipOurs) != (who.want != reach.ReasonForbidden) {
						t.Errorf("discovered %+v, want %s", d, id)
					}
					if _, err := c.Read(t.Context(), id, "/light/1", ""); reach.ReasonOf(err) != who.want || (err == nil) != (who.want == "") {
						t.Fatalf("%v, want %q", err, who.want)
					}
					if who.want == "" {
						useLight(t, c, id, 9)
					}
				})
			}
		})
	}
}

// atHub waits until the device, which has signed in, has published its light.
func atHub(t *testing.T, s *stack.Stack, id string) {
	t.Helper()
	soon := time.After(20 * time.Second)
	for {
		d, ok := s.Hub.Gateway.Device(id)
		switch {
		case !ok || !d.SignedIn || d.Owner != stack.Owner:
			t.Fatalf("the hub knows %+v, want the device, signed in", d)
		case d.Links > 0:
			return
		}
		select {
		case <-soon:
			t.Fatal("the device published nothing")
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// heard holds what the device heard against PROTOCOL §3, and gives its id. What it heard holds secrets: it is not printed.
func heard(t *testing.T, lines []string) (id string) {
	t.Helper()
	seen := make(map[string]bool)
	for _, line := range lines { // a payload has lines of its own
		fields := strings.SplitN(line, " ", 3)
		if fields[0] == "device" && len(fields) == 2 {
			id = fields[1]
		}
		if want, ok := codes[fields[0]]; ok && len(fields) == 3 {
			seen[fields[0]] = true
			if fields[1] != want {
				t.Errorf("%s: code %s, want %s", fields[0], fields[1], want)
			}
		}
	}
	if len(seen) != len(codes) {
		t.Errorf("steps %v, want all of %v", seen, codes)
	}
	return id
}

func identity(t *testing.T, issuer, root *pki.Pair, id string) reach.Credentials {
	t.Helper()
	c := must(issuer.NewLeaf("uuid:"+id, pki.UnknownEKU(pki.OIDIdentity)))(t).TLS()
	return reach.Credentials{Identity: &c, Roots: root.Pool()}
}

// groupKey is the pre-shared key that the group gives its devices.
func groupKey(t *testing.T, s *stack.Stack) (key [16]byte) {
	t.Helper()
	copy(key[:], must(os.ReadFile(filepath.Join(s.Dir, stack.FileKey)))(t))
	return key
}
