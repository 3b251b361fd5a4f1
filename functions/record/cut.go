package record

import (
	"slices"
	"unicode/utf8"

	"dps/shared/dps"
)

// Bounds on details. A device, or whoever made it, decides on some of them, so that nothing of it may make a batch fail.
const (
	maxEndpointLength = 256      // bytes of a local endpoint; a longer one is left out
	maxPEMLength      = 64 << 10 // bytes of certificates; longer ones are left out, since half of one is none
	maxListLength     = 512      // gateways, credentials, ACL entries, resources
)

// cut brings the result's details within their bounds, without touching what the caller holds.
func cut(r *dps.StepResult) {
	r.ErrorMessage = text(r.ErrorMessage, dps.MaxErrorMessageLength)
	r.LocalEndpoints = endpoints(r.LocalEndpoints)
	r.Attestation = copied(r.Attestation, func(d *dps.AttestationDetail) {
		d.CertificatePEM = certificates(d.CertificatePEM)
		d.CommonName = text(d.CommonName, dps.MaxNameLength)
		d.RemoteAddress = text(d.RemoteAddress, dps.MaxNameLength)
	})
	r.Ownership = copied(r.Ownership, func(d *dps.OwnershipDetail) { d.Owner = text(d.Owner, dps.MaxNameLength) })
	r.Cloud = copied(r.Cloud, func(d *dps.CloudDetail) {
		d.ProviderName = text(d.ProviderName, dps.MaxNameLength)
		d.Gateways = list(d.Gateways)
		if d.SelectedGateway >= len(d.Gateways) {
			d.SelectedGateway = -1
		}
	})
	r.Credential = copied(r.Credential, func(d *dps.CredentialDetail) {
		d.IdentityCertificatePEM = certificates(d.IdentityCertificatePEM)
		d.PreSharedKeySubject = text(d.PreSharedKeySubject, dps.MaxNameLength)
		d.Credentials = list(d.Credentials)
		for i := range d.Credentials {
			d.Credentials[i].PublicPEM = certificates(d.Credentials[i].PublicPEM)
		}
	})
	r.ACL = copied(r.ACL, func(d *dps.ACLDetail) {
		d.Entries = list(d.Entries)
		for i := range d.Entries {
			d.Entries[i].Resources = list(d.Entries[i].Resources)
		}
	})
}

// copied changes a copy of the detail, where there is one.
func copied[D any](detail *D, change func(*D)) *D {
	if detail == nil {
		return nil
	}
	d := *detail
	change(&d)
	return &d
}

func list[T any](all []T) []T { return slices.Clone(all[:min(len(all), maxListLength)]) }

// text cuts s to limit bytes without leaving half a character, and mends what is not UTF-8, byte by byte as encoding/json
// does: else a record would depend on the way it came.
func text(s string, limit int) string {
	s = mended(s[:min(len(s), limit+utf8.UTFMax)])
	if len(s) <= limit {
		return s
	}
	for !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

func mended(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

func certificates(pem string) string {
	if len(pem) > maxPEMLength {
		return ""
	}
	return pem
}

func endpoints(all []string) []string {
	var kept []string
	for _, e := range all {
		if len(e) > maxEndpointLength || len(kept) == dps.MaxLocalEndpoints {
			continue
		}
		kept = append(kept, mended(e))
	}
	return kept
}
