package hub

import (
	"path/filepath"

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

func loadPKI(dir, host string) (*PKI, error) {
	p := &PKI{}
	return p, pki.LoadOrMake(dir,
		pki.Part{File: FileRoot, Pair: &p.Root, Make: func() (*pki.Pair, error) { return pki.NewRoot("Stand-in hub root") }},
		pki.Part{File: fileIssuer, Pair: &p.Issuer, Make: func() (*pki.Pair, error) { return p.Root.NewIntermediate("Stand-in hub issuer") }},
		pki.Part{File: fileServer, Pair: &p.Server, Make: func() (*pki.Pair, error) {
			return p.Root.NewLeaf("Stand-in hub", pki.Hosts(host, "localhost"))
		}},
		pki.Part{File: FileClient, Pair: &p.Client, Make: func() (*pki.Pair, error) { return p.Root.NewLeaf("Provisioning service") }},
	)
}

// Path is the path of one of the hub's files, suffix ".crt" or ".key".
func (h *Hub) Path(file, suffix string) string { return filepath.Join(h.o.Dir, file+suffix) }
