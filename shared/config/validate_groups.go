package config

import (
	"encoding/hex"
	"slices"
	"strings"

	"dps/shared/dps"
)

// uuidExample is what a UUID looks like, for those who see the word for the first time.
const uuidExample = "98be12de-3991-4567-aeea-edd9a656e6df"

func (v validator) group(path string, g EnrollmentGroup) {
	v.uuid(join(path, "id"), g.ID, "the group's own")
	v.required(join(path, "owner"), g.Owner, "who owns the provisioned devices")
	v.name(join(path, "name"), g.Name)
	v.preSharedKey(join(path, "preSharedKeyFile"), g.PreSharedKeyFile)
	v.x509(join(path, "attestationMechanism.x509"), g.AttestationMechanism.X509)
	hubs, at := g.AllHubs(), hubPaths(path, g)
	switch {
	case len(hubs) == 0:
		v.problems.add(join(path, "hub"), "must be set: the hub that the devices join")
	case len(hubs) > dps.MaxGroupHubs:
		v.problems.add(join(path, "hubs"), "%d hubs with hub: write at most %d", len(hubs), dps.MaxGroupHubs)
	}
	first := make(map[string]string, len(hubs))
	for i, h := range hubs {
		v.hub(at[i], h)
		id := lower(h.HubID)
		if other, twice := first[id]; twice && id != "" {
			v.problems.add(join(at[i], "hubID"), "%s is that of %s already: name each hub of a group once, with all its gateways", show(id), other)
		}
		first[id] = at[i]
	}
}

// hubPaths gives where each of AllHubs stands.
func hubPaths(path string, g EnrollmentGroup) []string {
	var paths []string
	if g.Hub != nil {
		paths = append(paths, join(path, "hub"))
	}
	for i := range g.Hubs {
		paths = append(paths, index(join(path, "hubs"), i))
	}
	return paths
}

func (v validator) uuid(path, value, what string) {
	u, ok := dps.ParseUUID(value)
	switch {
	case value == "":
		v.problems.add(path, "must be set: a UUID, %s, such as %s", what, uuidExample)
	case !ok || u == dps.NilUUID:
		v.problems.add(path, "%s is not a UUID: write such as %s", show(value), uuidExample)
	}
}

// preSharedKey checks a key that stands in the file itself; one in a file of its own is for Check.
func (v validator) preSharedKey(path string, ref dps.SecretRef) {
	if !ref.IsInline() {
		return
	}
	if key, err := dps.DecodeDataURI(string(ref)); err != nil {
		v.problems.addError(path, err)
	} else if problem := preSharedKeyProblem(key); problem != "" {
		v.problems.add(path, "%s", problem)
	}
}

func preSharedKeyProblem(key []byte) string {
	switch {
	case len(key) == dps.PreSharedKeyLength:
		return ""
	case len(strings.TrimRight(string(key), "\r\n")) == dps.PreSharedKeyLength:
		return "the key is followed by a line end: store it without (printf, not echo)"
	default:
		return "the key (REDACTED) does not have 16 bytes: write exactly 16; the path of a file belongs into preSharedKeyFile, not preSharedKey"
	}
}

func (v validator) x509(path string, x X509) {
	if x.CertificateChain == "" {
		v.problems.add(join(path, "certificateChain"), "must be set: file of the manufacturer's certificate authorities, nearest to the device first")
	}
	v.name(join(path, "leadCertificateName"), x.LeadCertificateName)
	v.matchList(join(path, "allow"), x.Allow)
	v.matchList(join(path, "deny"), x.Deny)
	for i, crl := range x.CRLs {
		if at := index(join(path, "crls"), i); isURL(crl) {
			v.url(at, crl)
		} else if crl == "" {
			v.problems.add(at, "is empty: write a file, a data URI or a URL")
		}
	}
}

func (v validator) matchList(path string, l MatchList) {
	for i, s := range l.Serials {
		if _, ok := normalSerial(s); !ok {
			v.problems.add(index(join(path, "serials"), i), "%s is not a serial number: write hexadecimal digits", show(s))
		}
	}
	for i, id := range l.KeyIDs {
		v.uuid(index(join(path, "keyIds"), i), id, "of the device's provisioning record")
	}
}

// normalSerial gives a serial number as dps.MatchList has it: lower-case hex without colons and leading zeros.
func normalSerial(s string) (string, bool) {
	s = strings.ToLower(strings.ReplaceAll(s, ":", ""))
	even := s
	if len(even)%2 == 1 {
		even = "0" + even
	}
	if _, err := hex.DecodeString(even); err != nil || s == "" {
		return "", false
	}
	if s = strings.TrimLeft(s, "0"); s == "" {
		s = "0"
	}
	return s, true
}

func (v validator) hub(path string, h Hub) {
	v.uuid(join(path, "hubID"), h.HubID, "that of the hub instance")
	v.name(join(path, "name"), h.Name)
	v.gateways(path, h)
	if at := join(path, "certificateAuthority.grpc.address"); v.required(at, h.CertificateAuthority.GRPC.Address, "HOST:PORT of the hub's certificate authority") {
		v.dial(at, h.CertificateAuthority.GRPC.Address)
	}
	v.clientTLS(join(path, "certificateAuthority.grpc.tls"), h.CertificateAuthority.GRPC.TLS)
	v.authorization(join(path, "authorization"), h.Authorization)
}

func (v validator) gateways(path string, h Hub) {
	all := h.AllGateways()
	switch {
	case len(all) == 0:
		v.problems.add(join(path, "coapGateway"), "must be set, or gateways: where provisioned devices connect")
	case len(all) > dps.MaxGateways:
		v.problems.add(join(path, "gateways"), "%d gateways: write at most %d", len(all), dps.MaxGateways)
	}
	if h.COAPGateway != "" {
		v.gateway(join(path, "coapGateway"), h.COAPGateway)
	}
	for i, g := range h.Gateways {
		v.gateway(index(join(path, "gateways"), i), g)
	}
}

func (v validator) gateway(path, value string) {
	if _, err := dps.ParseGateway(value); err != nil {
		v.problems.add(path, "%s is not SCHEME://HOST:PORT with the scheme coap, coaps, coap+tcp or coaps+tcp: write such as coaps+tcp://hub.example.com:5684", show(value))
	}
}

func (v validator) authorization(path string, a Authorization) {
	claim := join(path, "ownerClaim")
	if v.required(claim, a.OwnerClaim, "the claim that holds the owner, such as https://plgd.dev/owner") && a.OwnerClaim == "sub" {
		v.problems.add(claim, `"sub" is the OAuth client itself in the client credentials grant: write a claim of its own, such as https://plgd.dev/owner`)
	}
	v.name(join(path, "deviceIDClaim"), a.DeviceIDClaim)
	p, at := a.Provider, join(path, "provider")
	v.required(join(at, "name"), p.Name, "the provider's name, as it is registered at the hub")
	if u := join(at, "authority"); v.required(u, p.Authority, "the OAuth server's URL") {
		v.url(u, p.Authority)
	}
	v.required(join(at, "clientID"), p.ClientID, "the OAuth client's id")
	if p.ClientSecretFile == "" {
		v.problems.add(join(at, "clientSecretFile"), "must be set: file of the OAuth client's secret")
	} else if p.ClientSecretFile.IsInline() {
		_, err := dps.DecodeDataURI(string(p.ClientSecretFile))
		v.problems.addError(join(at, "clientSecretFile"), err)
	}
	if i := slices.Index(p.Scopes, ""); i >= 0 {
		v.problems.add(index(join(at, "scopes"), i), "is empty: remove it")
	}
	v.clientTLS(join(at, "http.tls"), p.HTTP.TLS)
}
