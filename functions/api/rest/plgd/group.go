package plgd

// Group is an enrollment group.
type Group struct {
	ID                   string                `json:"id" wire:"ro" doc:"UUID, made by the server."`
	Owner                string                `json:"owner" wire:"ro" doc:"Whose the devices become; the token's owner."`
	AttestationMechanism *AttestationMechanism `json:"attestationMechanism"`
	HubIDs               []string              `json:"hubIds" doc:"Hubs by id or hubId, the first being the default."`
	PreSharedKey         string                `json:"preSharedKey" doc:"16 bytes as data:;base64,CONTENT; answers have the reference of the stored secret."`
	Name                 string                `json:"name"`
	Reprovisioning       string                `json:"reprovisioning" wire:"ext" enum:"allow,sameDeviceId,once" doc:"What becomes of a device that was provisioned before; empty: allow. Under once, deleting its record lets it come again."`
	Disabled             bool                  `json:"disabled" wire:"ext" doc:"Devices of the group are refused."`
	Pending              bool                  `json:"pending" wire:"ext,ro" doc:"Devices are refused until the lead certificate's possession is proven."`
	Challenge            string                `json:"challenge" wire:"ext,ro" doc:"Common name of the certificate by which possession is proven; only while pending."`
	Version              int64                 `json:"version" wire:"ext,ro" doc:"Raised by each change; the ETag."`
}

// AttestationMechanism is how a device shows who made it.
type AttestationMechanism struct {
	X509 *X509Configuration `json:"x509"`
}

// X509Configuration is the rule for manufacturer certificates.
type X509Configuration struct {
	CertificateChain          string     `json:"certificateChain" doc:"PEM, nearest authority first, as data:;base64,CONTENT or as it is."`
	LeadCertificateName       string     `json:"leadCertificateName" doc:"Common name of the lead certificate; empty: the first."`
	ExpiredCertificateEnabled bool       `json:"expiredCertificateEnabled" doc:"Forgive an expired device certificate."`
	RequireClientAuthEKU      bool       `json:"requireClientAuthEKU" wire:"ext" doc:"Demand the extended key usage clientAuth."`
	Allow                     *MatchList `json:"allow" wire:"ext" doc:"Where it names anybody, nobody else gets in."`
	Deny                      *MatchList `json:"deny" wire:"ext" doc:"Who does not get in, whatever allow says."`
	CRLs                      []CRL      `json:"crls" wire:"ext" doc:"Revocation lists."`
}

// MatchList names device certificates.
type MatchList struct {
	CommonNames []string `json:"commonNames" doc:"Of the subject, exact."`
	Serials     []string `json:"serials" doc:"In hexadecimal."`
	KeyIDs      []string `json:"keyIds" doc:"Ids of provisioning records."`
}

// CRL is a revocation list, or where it is fetched from.
type CRL struct {
	Inline []byte `json:"inline" doc:"The list in DER or PEM format."`
	URL    string `json:"url" doc:"http or https."`
}
