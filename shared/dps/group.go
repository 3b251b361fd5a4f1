package dps

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"slices"
)

// Bounds on what a group may hold, so that no lookup, contract or page grows without end.
const (
	MaxGroupCertificates = 10  // certificates in a group's chain
	MaxGroupHubs         = 16  // hubs of a group
	MaxListEntries       = 1e4 // entries in each allow or deny list
	MaxNameLength        = 256 // bytes in a name, an owner, a claim
	PreSharedKeyLength   = 16  // bytes: the device's limit (seed 002, preSharedKeyFile)
)

// EnrollmentGroup says which devices get in (by who made them), to whom they then belong, and which hubs they join.
type EnrollmentGroup struct {
	ID           string          `json:"id"` // UUID
	Owner        string          `json:"owner"`
	Name         string          `json:"name,omitempty"`
	X509         X509Attestation `json:"x509"`
	HubIDs       []string        `json:"hubIds"`                 // ids of Hub, the first being the default
	PreSharedKey SecretRef       `json:"preSharedKey,omitempty"` // 16 bytes; where it is, not what it is
	HubAliases   []HubAlias      `json:"hubAliases,omitempty"`   // only for who reads the group
	Reprovision  Reprovisioning  `json:"reprovision,omitempty"`  // whether a device may come again; "": ReprovisionAllow
	Disabled     bool            `json:"disabled,omitempty"`     // nobody gets in
	Challenge    string          `json:"challenge,omitempty"`    // nobody gets in until somebody proves to hold the lead certificate's key; "": vouched for
	Version      uint64          `json:"version"`                // raised by each write; 0 before the first
}

// Reprovisioning says what becomes of a device that was provisioned before. Its record is how the service knows; deleting
// the record lets the device come as if for the first time.
type Reprovisioning string

// The policies.
const (
	ReprovisionAllow        Reprovisioning = "allow"        // it is provisioned again
	ReprovisionSameDeviceID Reprovisioning = "sameDeviceId" // again, but not under another device id, as after a factory reset
	ReprovisionOnce         Reprovisioning = "once"         // not at all, once it went through every step
)

// HubAlias is what the group's writer calls one of its hubs: some know hubs by their HubID, and look for that again.
type HubAlias struct {
	ID string `json:"id"` // of HubIDs
	As string `json:"as"`
}

// Closed tells whether the group's devices are refused whatever they present, and why; "" where they are not.
func (g EnrollmentGroup) Closed() (why string) {
	switch {
	case g.Disabled:
		return "it is disabled"
	case g.Challenge != "":
		return "nobody has proven yet to hold the key of its lead certificate"
	}
	return ""
}

// X509Attestation is the rule by which a manufacturer certificate is accepted.
type X509Attestation struct {
	CertificateChain          string     `json:"certificateChain"`              // PEM, nearest CA first
	LeadCertificateName       string     `json:"leadCertificateName,omitempty"` // subject common name; "" is the chain's first
	ExpiredCertificateEnabled bool       `json:"expiredCertificateEnabled,omitempty"`
	RequireClientAuthEKU      bool       `json:"requireClientAuthEKU,omitempty"`
	Allow                     MatchList  `json:"allow,omitzero"` // when not empty, nobody else gets in
	Deny                      MatchList  `json:"deny,omitzero"`  // wins over Allow
	CRLs                      []CRLEntry `json:"crls,omitempty"`
}

// MatchList names certificates by any of three properties.
type MatchList struct {
	CommonNames []string `json:"commonNames,omitempty"` // of the leaf's subject, exact
	Serials     []string `json:"serials,omitempty"`     // of the leaf, lower-case hex without leading zeros
	KeyIDs      []string `json:"keyIds,omitempty"`      // record ids, see RecordID
}

// IsEmpty tells whether the list names nobody.
func (l MatchList) IsEmpty() bool {
	return len(l.CommonNames) == 0 && len(l.Serials) == 0 && len(l.KeyIDs) == 0
}

// Matches tells whether the list names the leaf.
func (l MatchList) Matches(leaf *x509.Certificate) bool {
	return !l.IsEmpty() && (slices.Contains(l.CommonNames, leaf.Subject.CommonName) ||
		slices.Contains(l.Serials, leaf.SerialNumber.Text(16)) ||
		len(l.KeyIDs) > 0 && slices.Contains(l.KeyIDs, RecordID(leaf.RawSubjectPublicKeyInfo)))
}

// CRLEntry is a certificate revocation list (RFC 5280 §5), given as DER or PEM, or by the URL from which it is fetched.
type CRLEntry struct {
	Inline []byte `json:"inline,omitempty"`
	URL    string `json:"url,omitempty"` // http or https
}

// Certificates parses the group's chain. Errors: CodeInvalid, naming the certificate at fault.
func (x X509Attestation) Certificates() ([]*x509.Certificate, error) {
	return ParseCertificatesPEM([]byte(x.CertificateChain), MaxGroupCertificates)
}

// LeadCertificate gives the index of the lead certificate in chain: the one named, else the first. Errors: CodeInvalid
// where none bears the name.
func (x X509Attestation) LeadCertificate(chain []*x509.Certificate) (int, error) {
	if x.LeadCertificateName == "" && len(chain) > 0 {
		return 0, nil
	}
	for i, c := range chain {
		if c.Subject.CommonName == x.LeadCertificateName {
			return i, nil
		}
	}
	return 0, Errorf(CodeInvalid, "leadCertificateName: no certificate of the chain has the common name %q", x.LeadCertificateName)
}

// Validate checks everything about the group that needs no other object. Errors: CodeInvalid, naming the field.
func (g EnrollmentGroup) Validate() error {
	if _, ok := ParseUUID(g.ID); !ok {
		return Errorf(CodeInvalid, "id: %q is not a UUID", g.ID)
	}
	if g.Owner == "" || len(g.Owner) > MaxNameLength {
		return Errorf(CodeInvalid, "owner: must have 1 to %d bytes", MaxNameLength)
	}
	if len(g.Name) > MaxNameLength {
		return Errorf(CodeInvalid, "name: must have at most %d bytes", MaxNameLength)
	}
	switch g.Reprovision {
	case "", ReprovisionAllow, ReprovisionSameDeviceID, ReprovisionOnce:
	default:
		return Errorf(CodeInvalid, "reprovisioning: %.40q is none of %s, %s, %s", g.Reprovision, ReprovisionAllow, ReprovisionSameDeviceID, ReprovisionOnce)
	}
	if len(g.HubIDs) == 0 || len(g.HubIDs) > MaxGroupHubs {
		return Errorf(CodeInvalid, "hubIds: must name 1 to %d hubs", MaxGroupHubs)
	}
	chain, err := g.X509.Certificates()
	if err != nil {
		return Errorf(CodeInvalid, "attestationMechanism.x509.certificateChain: %w", err)
	}
	for i, c := range chain {
		if !c.IsCA {
			return Errorf(CodeInvalid, "attestationMechanism.x509.certificateChain: certificate %d (%s) is not a certificate authority", i+1, c.Subject)
		}
	}
	if _, err := g.X509.LeadCertificate(chain); err != nil {
		return Errorf(CodeInvalid, "attestationMechanism.x509.%w", err)
	}
	for _, l := range []MatchList{g.X509.Allow, g.X509.Deny} {
		if len(l.CommonNames) > MaxListEntries || len(l.Serials) > MaxListEntries || len(l.KeyIDs) > MaxListEntries {
			return Errorf(CodeInvalid, "attestationMechanism.x509: a list may have at most %d entries", int(MaxListEntries))
		}
	}
	return nil
}

// CAIdentity names a certificate authority by distinguished name and key: what stays the same when the certificate is
// renewed or cross-signed, and what two groups may not share as lead. Hex SHA-256.
func CAIdentity(c *x509.Certificate) string {
	h := sha256.New()
	h.Write(c.RawSubject)
	h.Write(c.RawSubjectPublicKeyInfo)
	return hex.EncodeToString(h.Sum(nil))
}

// NameHash is the key under which authorities are looked up: the hex SHA-256 of a DER-encoded distinguished name.
func NameHash(rawName []byte) string {
	h := sha256.Sum256(rawName)
	return hex.EncodeToString(h[:])
}

// ParseCertificatesPEM reads the CERTIFICATE blocks of data, 1 to limit of them. Errors: CodeInvalid, naming the block at fault.
func ParseCertificatesPEM(data []byte, limit int) ([]*x509.Certificate, error) {
	var chain []*x509.Certificate
	rest := bytes.TrimSpace(data)
	for len(rest) > 0 {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, Errorf(CodeInvalid, "PEM block %d is a %s, want CERTIFICATE", len(chain)+1, block.Type)
		}
		if len(chain) == limit {
			return nil, Errorf(CodeInvalid, "more than %d certificates", limit)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, Errorf(CodeInvalid, "certificate %d: %w", len(chain)+1, err)
		}
		chain = append(chain, c)
	}
	if len(chain) == 0 {
		return nil, Errorf(CodeInvalid, "no certificate in PEM format found")
	}
	return chain, nil
}

// EncodeCertificatesPEM writes chain as PEM.
func EncodeCertificatesPEM(chain ...*x509.Certificate) string {
	var b bytes.Buffer
	for _, c := range chain {
		_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}) // a bytes.Buffer takes everything
	}
	return b.String()
}

// IsSelfSigned tells whether c is a root: issued to itself, and signed by its own key.
func IsSelfSigned(c *x509.Certificate) bool {
	return bytes.Equal(c.RawIssuer, c.RawSubject) && c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}
