package plgd

import "dps/shared/dps"

// credentialTypes are the bits of "credtype" (OCF Security 2.2.5 §9.3.1) and plgd's names for them.
var credentialTypes = []struct {
	bit  int
	name string
}{
	{1, "SYMMETRIC_PAIR_WISE"}, {2, "SYMMETRIC_GROUP"}, {4, "ASYMMETRIC_SIGNING"}, {8, "ASYMMETRIC_SIGNING_WITH_CERTIFICATE"},
	{16, "PIN_OR_PASSWORD"}, {32, "ASYMMETRIC_ENCRYPTION_KEY"},
}

func credentialsOf(s dps.StepResult, status *Status) *Credentials {
	out := &Credentials{Status: status}
	d := s.Credential
	if d == nil {
		return out
	}
	out.IdentityCertificatePEM = d.IdentityCertificatePEM
	if d.PreSharedKeySubject != "" {
		out.PreSharedKey = &PreSharedKey{SubjectID: d.PreSharedKeySubject}
	}
	for _, c := range d.Credentials {
		out.Credentials = append(out.Credentials, credentialOf(c))
	}
	return out
}

func credentialOf(c dps.CredentialSummary) Credential {
	out := Credential{Subject: c.Subject, Usage: usageName(c.Usage)}
	for _, t := range credentialTypes {
		if c.Type&t.bit != 0 {
			out.Type = append(out.Type, t.name)
		}
	}
	if c.PublicPEM != "" {
		out.PublicData = &PublicData{Data: []byte(c.PublicPEM), Encoding: "PEM"}
	}
	return out
}

func usageName(usage string) string {
	switch usage {
	case "oic.sec.cred.trustca":
		return "TRUST_CA"
	case "oic.sec.cred.cert":
		return "CERT"
	case "oic.sec.cred.rolecert":
		return "ROLE_CERT"
	case "oic.sec.cred.mfgtrustca":
		return "MFG_TRUST_CA"
	case "oic.sec.cred.mfgcert":
		return "MFG_CERT"
	}
	return "NONE"
}
