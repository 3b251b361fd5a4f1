package hub

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"dps/shared/pki"
)

// PKI is the hub's: a root that devices come to trust, the intermediate that signs them, and who speaks for the hub.
type PKI struct {
	Root   *pki.Pair
	Issuer *pki.Pair // signs identity certificates
	Server *pki.Pair // of OAuth server, authority and gateway
	Client *pki.Pair // with which a provisioning service calls the authority
}

// The hub's files in its folder; FileRoot and FileClient are what a provisioning service needs.
const (
	FileRoot   = "hub-root"
	FileClient = "hub-client"
	fileIssuer = "hub-issuer"
	fileServer = "hub-server"
)

// renewBefore is how long before their end the folder's end-entity certificates are made anew, at a start.
const renewBefore = 30 * 24 * time.Hour

func loadPKI(dir, host string) (*PKI, error) {
	p := &PKI{}
	server := pki.Part{File: fileServer, Pair: &p.Server, Make: func() (*pki.Pair, error) {
		return p.Root.NewLeaf("Stand-in hub", pki.Hosts(serverNames(host)...))
	}}
	client := pki.Part{File: FileClient, Pair: &p.Client, Make: func() (*pki.Pair, error) { return p.Root.NewLeaf("Provisioning service") }}
	if err := pki.LoadOrMake(dir,
		pki.Part{File: FileRoot, Pair: &p.Root, Make: func() (*pki.Pair, error) { return pki.NewRoot("Stand-in hub root") }},
		pki.Part{File: fileIssuer, Pair: &p.Issuer, Make: func() (*pki.Pair, error) { return p.Root.NewIntermediate("Stand-in hub issuer") }},
		server, client,
	); err != nil {
		return nil, err
	}
	if ends(p.Server) || p.Server.Certificate.VerifyHostname(host) != nil {
		if err := renew(dir, server); err != nil {
			return nil, err
		}
	}
	if ends(p.Client) {
		if err := renew(dir, client); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// serverNames are what the hub may be called by.
func serverNames(host string) []string {
	names := []string{"localhost", "127.0.0.1"}
	if host != names[0] && host != names[1] {
		names = append(names, host)
	}
	return names
}

func ends(p *pki.Pair) bool { return time.Until(p.Certificate.NotAfter) < renewBefore }

// renew makes a part anew: the certificate is past its time, or the hub has another host than at the last start.
func renew(dir string, part pki.Part) error {
	for _, suffix := range []string{".crt", ".key"} {
		if err := os.Remove(filepath.Join(dir, part.File+suffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return pki.LoadOrMake(dir, part)
}

// Path is the path of one of the hub's files, suffix ".crt" or ".key".
func (h *Hub) Path(file, suffix string) string { return filepath.Join(h.o.Dir, file+suffix) }
