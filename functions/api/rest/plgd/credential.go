package plgd

// Credentials are what the device was given. Private parts are never kept, so never here.
type Credentials struct {
	Status                 *Status       `json:"status"`
	IdentityCertificatePEM string        `json:"identityCertificatePem"`
	PreSharedKey           *PreSharedKey `json:"preSharedKey"`
	Credentials            []Credential  `json:"credentials"`
}

// PreSharedKey names whose key it is; the key itself is not kept.
type PreSharedKey struct {
	SubjectID string `json:"subjectId"`
	Key       string `json:"key" wire:"ro" doc:"Always empty: the key is never kept in a record."`
}

// Credential is one entry of what the device was given.
type Credential struct {
	ID                      int64         `json:"id"`
	Type                    []string      `json:"type" enum:"EMPTY,SYMMETRIC_PAIR_WISE,SYMMETRIC_GROUP,ASYMMETRIC_SIGNING,ASYMMETRIC_SIGNING_WITH_CERTIFICATE,PIN_OR_PASSWORD,ASYMMETRIC_ENCRYPTION_KEY"`
	Subject                 string        `json:"subject"`
	Usage                   string        `json:"usage" enum:"NONE,TRUST_CA,CERT,ROLE_CERT,MFG_TRUST_CA,MFG_CERT"`
	SupportedRefreshMethods []string      `json:"supportedRefreshMethods"`
	OptionalData            *OptionalData `json:"optionalData"`
	Period                  string        `json:"period"`
	PrivateData             *PrivateData  `json:"privateData"`
	PublicData              *PublicData   `json:"publicData"`
	RoleID                  *RoleID       `json:"roleId"`
}

// OptionalData is part of plgd's message; this service sends none.
type OptionalData struct {
	Data      []byte `json:"data"`
	Encoding  string `json:"encoding" enum:"UNKNOWN,RAW,JWT,CWT,BASE64,PEM,DER"`
	IsRevoked bool   `json:"isRevoked"`
}

// PrivateData is part of plgd's message; this service never keeps any.
type PrivateData struct {
	Data     []byte `json:"data"`
	Encoding string `json:"encoding" enum:"UNKNOWN,RAW,JWT,CWT,BASE64,URI,HANDLE"`
	Handle   int64  `json:"handle"`
}

// PublicData is the public part, such as a certificate.
type PublicData struct {
	Data     []byte `json:"data"`
	Encoding string `json:"encoding" enum:"UNKNOWN,RAW,JWT,CWT,BASE64,URI,PEM,DER"`
}

// RoleID is a role and who gives it.
type RoleID struct {
	Authority string `json:"authority"`
	Role      string `json:"role"`
}
