package plgd

import (
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"net/url"
	"strings"

	"dps/shared/dps"
)

const maxCRLs = 16 // of a group

// lists takes the allow and deny lists and the revocation lists over, in their canonical forms. Errors: CodeInvalid.
func (x X509Configuration) lists(into *dps.X509Attestation) (err error) {
	const at = "attestationMechanism.x509."
	if into.Allow, err = x.Allow.canonical(at + "allow"); err != nil {
		return err
	}
	if into.Deny, err = x.Deny.canonical(at + "deny"); err != nil {
		return err
	}
	if len(x.CRLs) > maxCRLs {
		return dps.Errorf(dps.CodeInvalid, at+"crls: has %d lists, at most %d are taken", len(x.CRLs), maxCRLs)
	}
	into.CRLs = nil
	for i, c := range x.CRLs {
		entry, err := c.canonical()
		if err != nil {
			return dps.Errorf(dps.CodeInvalid, at+"crls[%d]%w", i, err)
		}
		into.CRLs = append(into.CRLs, entry)
	}
	return nil
}

func (l *MatchList) canonical(field string) (dps.MatchList, error) {
	var out dps.MatchList
	if l == nil {
		return out, nil
	}
	for i, name := range l.CommonNames {
		if name == "" || len(name) > dps.MaxNameLength {
			return out, dps.Errorf(dps.CodeInvalid, "%s.commonNames[%d]: must have 1 to %d bytes", field, i, dps.MaxNameLength)
		}
		out.CommonNames = append(out.CommonNames, name)
	}
	for i, s := range l.Serials {
		serial, ok := canonicalSerial(s)
		if !ok {
			return out, dps.Errorf(dps.CodeInvalid, "%s.serials[%d]: want a serial number in hexadecimal, at most 40 digits", field, i)
		}
		out.Serials = append(out.Serials, serial)
	}
	for i, id := range l.KeyIDs {
		key, ok := dps.ParseUUID(id)
		if !ok {
			return out, dps.Errorf(dps.CodeInvalid, "%s.keyIds[%d]: want the id of a provisioning record, a UUID", field, i)
		}
		out.KeyIDs = append(out.KeyIDs, key)
	}
	return out, nil
}

// canonicalSerial takes a serial number as tools print it: colons between bytes, capitals, leading zeros.
func canonicalSerial(s string) (string, bool) {
	s = strings.TrimLeft(strings.ToLower(strings.ReplaceAll(s, ":", "")), "0")
	if len(s) > 40 { // 20 octets, RFC 5280 §4.1.2.2
		return "", false
	}
	if s == "" {
		return "0", true
	}
	_, err := hex.DecodeString(strings.Repeat("0", len(s)%2) + s)
	return s, err == nil
}

func (c CRL) canonical() (dps.CRLEntry, error) {
	if (len(c.Inline) == 0) == (c.URL == "") {
		return dps.CRLEntry{}, dps.Errorf(dps.CodeInvalid, ": set either inline or url")
	}
	if c.URL != "" {
		u, err := url.Parse(c.URL)
		if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
			return dps.CRLEntry{}, dps.Errorf(dps.CodeInvalid, ".url: want http(s)://HOST/…, without a user")
		}
		return dps.CRLEntry{URL: c.URL}, nil
	}
	der := c.Inline
	if block, _ := pem.Decode(der); block != nil {
		der = block.Bytes
	}
	if _, err := x509.ParseRevocationList(der); err != nil {
		return dps.CRLEntry{}, dps.Errorf(dps.CodeInvalid, ".inline: is no certificate revocation list in DER or PEM format")
	}
	return dps.CRLEntry{Inline: der}, nil
}
