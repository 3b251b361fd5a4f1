package plgd

import (
	"strconv"
	"strings"
	"time"

	"dps/shared/dps"
)

// RecordOf gives the record as clients see it.
func RecordOf(r dps.Record) Record {
	out := Record{
		ID: r.ID, DeviceID: r.DeviceID, EnrollmentGroupID: r.GroupID, Owner: r.Owner, CreationDate: nanos(r.Created), UpdatedDate: nanos(r.Updated),
		LocalEndpoints: r.LocalEndpoints, State: string(r.State()), PlgdTime: statusOf(r, dps.StepTime),
	}
	if s, ok := r.Steps[dps.StepAttestation]; ok {
		out.Attestation = &Attestation{Date: nanos(s.Time), ErrorMessage: s.ErrorMessage}
		if d := s.Attestation; d != nil {
			out.Attestation.X509 = &X509Attestation{CertificatePEM: d.CertificatePEM, CommonName: d.CommonName}
		}
	}
	if s, ok := r.Steps[dps.StepOwnership]; ok {
		out.Ownership = &Ownership{Status: statusOf(r, dps.StepOwnership)}
		if s.Ownership != nil {
			out.Ownership.Owner = s.Ownership.Owner
		}
	}
	if s, ok := r.Steps[dps.StepCloudConfiguration]; ok {
		out.Cloud = cloudOf(s, statusOf(r, dps.StepCloudConfiguration))
	}
	if s, ok := r.Steps[dps.StepCredentials]; ok {
		out.Credential = credentialsOf(s, statusOf(r, dps.StepCredentials))
	}
	if s, ok := r.Steps[dps.StepACLs]; ok {
		out.ACL = aclOf(s, statusOf(r, dps.StepACLs))
	}
	return out
}

func statusOf(r dps.Record, step dps.Step) *Status {
	s, ok := r.Steps[step]
	if !ok {
		return nil
	}
	return &Status{Date: nanos(s.Time), CoAPCode: codeNumber(s.CoAPCode), ErrorMessage: s.ErrorMessage}
}

// codeNumber gives "2.05" as 69: the class in the upper three bits (RFC 7252 §3).
func codeNumber(code string) int32 {
	class, detail, ok := strings.Cut(code, ".")
	c, err1 := strconv.ParseUint(class, 10, 3)
	d, err2 := strconv.ParseUint(detail, 10, 5)
	if !ok || err1 != nil || err2 != nil {
		return 0
	}
	return int32(c<<5 | d) //nolint:gosec // eight bits
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func cloudOf(s dps.StepResult, status *Status) *Cloud {
	out := &Cloud{Status: status}
	if d := s.Cloud; d != nil {
		out.ProviderName, out.SelectedGateway = d.ProviderName, int32(d.SelectedGateway) //nolint:gosec // an index among few
		for _, g := range d.Gateways {
			out.Gateways = append(out.Gateways, Gateway{URI: g.URI, ID: g.ID})
		}
	}
	return out
}
