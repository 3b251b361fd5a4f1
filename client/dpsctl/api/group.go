package api

import (
	"cmp"

	"dps/shared/dps"
)

// group is an enrollment group on the wire.
type group struct {
	ID             string      `json:"id,omitempty"`
	Owner          string      `json:"owner,omitempty"`
	Name           string      `json:"name,omitempty"`
	Attestation    attestation `json:"attestationMechanism"`
	HubIDs         []string    `json:"hubIds,omitempty"`
	PreSharedKey   string      `json:"preSharedKey,omitempty"`
	Reprovisioning string      `json:"reprovisioning,omitempty"`
	Disabled       bool        `json:"disabled,omitempty"`
	Challenge      string      `json:"challenge,omitempty"`
	Version        uint64      `json:"version,string,omitempty"`
}

type attestation struct {
	X509 x509Rule `json:"x509"`
}

type x509Rule struct {
	CertificateChain          string    `json:"certificateChain,omitempty"`
	LeadCertificateName       string    `json:"leadCertificateName,omitempty"`
	ExpiredCertificateEnabled bool      `json:"expiredCertificateEnabled,omitempty"`
	RequireClientAuthEKU      bool      `json:"requireClientAuthEKU,omitempty"`
	Allow                     matchList `json:"allow,omitzero"`
	Deny                      matchList `json:"deny,omitzero"`
	CRLs                      []crl     `json:"crls,omitempty"`
}

type matchList struct {
	CommonNames []string `json:"commonNames,omitempty"`
	Serials     []string `json:"serials,omitempty"`
	KeyIDs      []string `json:"keyIds,omitempty"`
}

// IsZero is for omitzero.
func (l matchList) IsZero() bool { return dps.MatchList(l).IsEmpty() }

type crl struct {
	Inline []byte `json:"inline,omitempty"`
	URL    string `json:"url,omitempty"`
}

// domain gives the group in the service's type. Errors: CodeInternal for certificates that are none.
func (g group) domain() (dps.EnrollmentGroup, error) {
	x := g.Attestation.X509
	chain, err := text(x.CertificateChain)
	out := dps.EnrollmentGroup{
		ID: g.ID, Owner: g.Owner, Name: g.Name, HubIDs: g.HubIDs, PreSharedKey: dps.SecretRef(g.PreSharedKey),
		Disabled: g.Disabled, Challenge: g.Challenge, Version: g.Version,
		X509: dps.X509Attestation{
			CertificateChain: chain, LeadCertificateName: x.LeadCertificateName, ExpiredCertificateEnabled: x.ExpiredCertificateEnabled,
			RequireClientAuthEKU: x.RequireClientAuthEKU, Allow: dps.MatchList(x.Allow), Deny: dps.MatchList(x.Deny),
		},
	}
	if r := dps.Reprovisioning(g.Reprovisioning); r != dps.ReprovisionAllow { // which is what an empty one means
		out.Reprovision = r
	}
	for _, c := range x.CRLs {
		out.X509.CRLs = append(out.X509.CRLs, dps.CRLEntry(c))
	}
	return out, err
}

// wireGroup gives the group as a client writes it: without what is the server's.
func wireGroup(g dps.EnrollmentGroup) group {
	x := g.X509
	out := group{
		Name: g.Name, HubIDs: g.HubIDs, PreSharedKey: string(g.PreSharedKey), Disabled: g.Disabled,
		Reprovisioning: string(cmp.Or(g.Reprovision, dps.ReprovisionAllow)),
		Attestation: attestation{X509: x509Rule{
			CertificateChain: uri(x.CertificateChain), LeadCertificateName: x.LeadCertificateName, ExpiredCertificateEnabled: x.ExpiredCertificateEnabled,
			RequireClientAuthEKU: x.RequireClientAuthEKU, Allow: matchList(x.Allow), Deny: matchList(x.Deny),
		}},
	}
	for _, c := range x.CRLs {
		out.Attestation.X509.CRLs = append(out.Attestation.X509.CRLs, crl(c))
	}
	return out
}

// uri is how certificates travel.
func uri(pem string) string {
	if pem == "" {
		return ""
	}
	return dps.EncodeDataURI([]byte(pem))
}

// text undoes uri.
func text(uri string) (string, error) {
	if uri == "" {
		return "", nil
	}
	data, err := dps.DecodeDataURI(uri)
	if err != nil {
		return "", dps.Errorf(dps.CodeInternal, "the server answers certificates that cannot be read")
	}
	return string(data), nil
}
