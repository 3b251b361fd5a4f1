package plgd

// Record is a provisioning record; times in nanoseconds since 1970.
type Record struct {
	ID                string       `json:"id"`
	DeviceID          string       `json:"deviceId"`
	EnrollmentGroupID string       `json:"enrollmentGroupId"`
	CreationDate      int64        `json:"creationDate" doc:"Unix nanoseconds."`
	Attestation       *Attestation `json:"attestation"`
	Credential        *Credentials `json:"credential"`
	ACL               *ACL         `json:"acl"`
	Cloud             *Cloud       `json:"cloud"`
	Ownership         *Ownership   `json:"ownership"`
	PlgdTime          *Status      `json:"plgdTime"`
	LocalEndpoints    []string     `json:"localEndpoints"`
	Owner             string       `json:"owner"`
	State             string       `json:"state" wire:"ext" enum:"pending,ok,failed" doc:"failed: a step's last result is an error; ok: every step was done; pending: neither."`
	UpdatedDate       int64        `json:"updatedDate" wire:"ext" doc:"Unix nanoseconds."`
}

// Status is how a step ended.
type Status struct {
	Date         int64  `json:"date" doc:"Unix nanoseconds."`
	CoAPCode     int32  `json:"coapCode" doc:"The number: 69 is 2.05."`
	ErrorMessage string `json:"errorMessage"`
}

// Attestation is who the device proved to be.
type Attestation struct {
	Date         int64            `json:"date" doc:"Unix nanoseconds."`
	X509         *X509Attestation `json:"x509"`
	ErrorMessage string           `json:"errorMessage" wire:"ext"`
}

// X509Attestation is the manufacturer certificate.
type X509Attestation struct {
	CertificatePEM string `json:"certificatePem"`
	CommonName     string `json:"commonName"`
}

// Ownership is the owner the device was given.
type Ownership struct {
	Status *Status `json:"status"`
	Owner  string  `json:"owner"`
}

// Cloud is the hub the device was sent to.
type Cloud struct {
	Status          *Status   `json:"status"`
	ProviderName    string    `json:"providerName"`
	Gateways        []Gateway `json:"gateways"`
	SelectedGateway int32     `json:"selectedGateway" doc:"Index in gateways."`
}

// Gateway is a hub's endpoint.
type Gateway struct {
	URI string `json:"uri"`
	ID  string `json:"id"`
}

// Deleted is the answer to a deletion.
type Deleted struct {
	Count int64 `json:"count" doc:"How many were deleted."`
}
