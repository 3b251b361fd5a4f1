package provisioning

import (
	"context"

	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/ocf"
)

// provideCredentials is step 4: POST …/credentials {"di","csr","selectedGateway"?} → {"creds"}: the pre-shared key where
// the group has one, the identity certificate, and the roots to trust. A renewal is this step alone.
func provideCredentials(ctx context.Context, x *exchange) (any, error) {
	var req ocf.CredentialsRequest
	if err := ocf.Decode(x.req.Format, x.req.Body, ocf.MaxRequestSize, &req); err != nil {
		return nil, dps.Wrap(dps.CodeInvalid, err, "body is not a credentials request")
	}
	if err := x.named(req.DeviceID); err != nil {
		return nil, err
	}
	if req.CSR.Encoding != ocf.EncodingPEM {
		return nil, dps.Errorf(dps.CodeInvalid, "csr.encoding is not %s", ocf.EncodingPEM)
	}
	if len(req.CSR.Data) > contract.MaxCSRSize {
		return nil, dps.Errorf(dps.CodeInvalid, "csr.data has %d bytes, at most %d are taken", len(req.CSR.Data), contract.MaxCSRSize)
	}
	hub, _, err := choose(x.admission.Group.Hubs, req.SelectedGateway)
	if err != nil {
		return nil, err
	}
	signed, err := x.service.o.Functions.Sign(ctx, contract.SignRequest{Device: x.device(hub), CSR: req.CSR.Data})
	if err != nil {
		return nil, err
	}
	creds := credentials(dps.OwnerUUID(x.admission.Group.Owner), x.deviceID, hub.HubID, signed)
	x.result.Credential = credentialDetail(creds)
	return ocf.Credentials{Creds: creds}, nil
}

// credentials builds "creds" (PROTOCOL §3): every entry with a subject, a type and the tag.
func credentials(owner, deviceID, hubID string, s contract.SignReply) []ocf.Credential {
	var creds []ocf.Credential
	if s.PreSharedKey != "" {
		creds = append(creds, ocf.Credential{
			Subject: owner, Type: ocf.CredentialTypeSymmetric, Tag: ocf.Tag,
			PrivateData: &ocf.CredentialData{Data: s.PreSharedKey, Encoding: ocf.EncodingRaw},
		})
	}
	creds = append(creds,
		certificate(deviceID, ocf.UsageIdentity, s.CertificateChain),
		certificate(owner, ocf.UsageTrustAnchor, s.TrustAnchor))
	for _, ca := range s.HubAuthorities {
		creds = append(creds, certificate(hubID, ocf.UsageTrustAnchor, ca))
	}
	return creds
}

func certificate(subject, usage, pem string) ocf.Credential {
	return ocf.Credential{
		Subject: subject, Type: ocf.CredentialTypeCertificate, Usage: usage, Tag: ocf.Tag,
		PublicData: &ocf.CredentialData{Data: pem, Encoding: ocf.EncodingPEM},
	}
}

// credentialDetail is what the record keeps: everything public, and of the key only whose it is.
func credentialDetail(creds []ocf.Credential) *dps.CredentialDetail {
	d := &dps.CredentialDetail{}
	for _, c := range creds {
		summary := dps.CredentialSummary{Subject: c.Subject, Type: c.Type, Usage: c.Usage}
		switch {
		case c.PrivateData != nil:
			d.PreSharedKeySubject = c.Subject
		case c.Usage == ocf.UsageIdentity:
			d.IdentityCertificatePEM = c.PublicData.Data
		default:
			summary.PublicPEM = c.PublicData.Data
		}
		d.Credentials = append(d.Credentials, summary)
	}
	return d
}
