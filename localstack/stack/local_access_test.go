package stack_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"dps/client/d2d/reach"
	"dps/client/device/local"
	"dps/localstack/stack"
	"dps/shared/dps"
	"dps/shared/pki"
)

// TestFromFactoryToOwner: what the service provisions lets the owner in on the local network, by key and by certificate, and
// nobody else.
func TestFromFactoryToOwner(t *testing.T) {
	s := start(t, nil)
	d, cfg := newDevice(t, s, "tcp", "local", nil)
	r, err := d.Provision(t.Context())
	must(t, err)
	p, err := local.FromDevice(d, r)
	must(t, err)
	server, err := local.New(local.Config{Manufacturer: cfg.Manufacturer, Provisioned: p, Host: "127.0.0.1"})
	must(t, err)
	var wg sync.WaitGroup
	wg.Go(func() { _ = server.Run(context.Background()) })
	t.Cleanup(func() { server.Close(); wg.Wait() })
	var at string
	for _, e := range server.Endpoints() {
		if a, ok := strings.CutPrefix(e, "coap://"); ok {
			at = a
		}
	}
	owner := dps.OwnerUUID(stack.Owner)
	key, err := os.ReadFile(filepath.Join(s.Dir, "pre-shared-key"))
	must(t, err)
	identity := func(id string) reach.Credentials {
		leaf, err := s.Hub.PKI.Issuer.NewLeaf("uuid:"+id, pki.UnknownEKU(pki.OIDIdentity))
		must(t, err)
		c := leaf.TLS()
		return reach.Credentials{Identity: &c, Roots: s.Hub.PKI.Root.Pool()}
	}
	for name, c := range map[string]struct {
		creds  reach.Credentials
		reason reach.Reason
	}{
		"key":                   {reach.Credentials{PSK: &reach.PSK{SubjectID: owner, Key: [16]byte(key)}}, ""},
		"certificate":           {identity(owner), ""},
		"another's key":         {reach.Credentials{PSK: &reach.PSK{SubjectID: dps.NewUUID(), Key: [16]byte(key)}}, reach.ReasonNotOurs},
		"another's certificate": {identity(dps.NewUUID()), reach.ReasonNotOurs},
	} {
		client, err := reach.New(reach.Options{Credentials: func() (reach.Credentials, error) { return c.creds, nil }})
		must(t, err)
		found, err := client.Discover(t.Context(), reach.Query{Addresses: []string{at}})
		must(t, err)
		if len(found) != 1 || found[0].ID != d.ID() {
			t.Fatalf("%s: found %+v", name, found)
		}
		_, err = client.Update(t.Context(), d.ID(), "/light/1", map[string]any{"state": true})
		if reach.ReasonOf(err) != c.reason || (err == nil) != (c.reason == "") {
			t.Errorf("%s: %v", name, err)
		}
		client.Close()
	}
}
