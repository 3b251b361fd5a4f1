package api

import "dps/shared/dps"

// credentials are what the device was given.
type credentials struct {
	Status                 *status `json:"status"`
	IdentityCertificatePEM string  `json:"identityCertificatePem"`
	PreSharedKey           *struct {
		SubjectID string `json:"subjectId"`
	} `json:"preSharedKey"`
	Credentials []credential `json:"credentials"`
}

type credential struct {
	Type       []string `json:"type"`
	Subject    string   `json:"subject"`
	Usage      string   `json:"usage"`
	PublicData *struct {
		Data []byte `json:"data"`
	} `json:"publicData"`
}

// bits are the API's names for those of "credtype" (OCF Security 2.2.5 §9.3.1).
func bits() map[string]int {
	return map[string]int{
		"SYMMETRIC_PAIR_WISE": 1, "SYMMETRIC_GROUP": 2, "ASYMMETRIC_SIGNING": 4, "ASYMMETRIC_SIGNING_WITH_CERTIFICATE": 8,
		"PIN_OR_PASSWORD": 16, "ASYMMETRIC_ENCRYPTION_KEY": 32,
	}
}

// usages are the API's names for those of "credusage".
func usages() map[string]string {
	return map[string]string{
		"TRUST_CA": "oic.sec.cred.trustca", "CERT": "oic.sec.cred.cert", "ROLE_CERT": "oic.sec.cred.rolecert",
		"MFG_TRUST_CA": "oic.sec.cred.mfgtrustca", "MFG_CERT": "oic.sec.cred.mfgcert",
	}
}

func (c credentials) domain() *dps.CredentialDetail {
	out := &dps.CredentialDetail{IdentityCertificatePEM: c.IdentityCertificatePEM}
	if c.PreSharedKey != nil {
		out.PreSharedKeySubject = c.PreSharedKey.SubjectID
	}
	for _, one := range c.Credentials {
		summary := dps.CredentialSummary{Subject: one.Subject, Usage: usages()[one.Usage]}
		for _, name := range one.Type {
			summary.Type |= bits()[name]
		}
		if one.PublicData != nil {
			summary.PublicPEM = string(one.PublicData.Data)
		}
		out.Credentials = append(out.Credentials, summary)
	}
	if out.IdentityCertificatePEM == "" && out.PreSharedKeySubject == "" && len(out.Credentials) == 0 {
		return nil
	}
	return out
}

// acl is the access control that the device was given.
type acl struct {
	Status  *status  `json:"status"`
	Entries []access `json:"accessControlList"`
}

type access struct {
	Device *struct {
		ID string `json:"deviceId"`
	} `json:"deviceSubject"`
	Connection *struct {
		Type string `json:"type"`
	} `json:"connectionSubject"`
	Permissions []string `json:"permissions"`
	Resources   []struct {
		Href     string `json:"href"`
		Wildcard string `json:"wildcard"`
	} `json:"resources"`
}

// permissions are the API's names for the bits of an entry (PROTOCOL §3).
func permissions() map[string]int {
	return map[string]int{"CREATE": 1, "READ": 2, "WRITE": 4, "DELETE": 8, "NOTIFY": 16}
}

func (a acl) domain() *dps.ACLDetail {
	if len(a.Entries) == 0 {
		return nil
	}
	out := &dps.ACLDetail{}
	for _, e := range a.Entries {
		out.Entries = append(out.Entries, e.domain())
	}
	return out
}

func (e access) domain() dps.ACLEntry {
	var out dps.ACLEntry
	switch {
	case e.Device != nil:
		out.SubjectUUID = e.Device.ID
	case e.Connection != nil && e.Connection.Type == "AUTH_CRYPT":
		out.ConnectionType = "auth-crypt"
	case e.Connection != nil:
		out.ConnectionType = "anon-clear"
	}
	for _, name := range e.Permissions {
		out.Permission |= permissions()[name]
	}
	for _, r := range e.Resources {
		if r.Href == "" && r.Wildcard != "" {
			r.Href = "*"
		}
		out.Resources = append(out.Resources, r.Href)
	}
	return out
}
