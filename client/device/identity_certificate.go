package device

import "crypto/tls"

// IdentityCertificate gives what the device proves its identity with: the provisioned chain and its key, as crypto/tls takes
// them; false before it is provisioned.
func (d *Device) IdentityCertificate() (tls.Certificate, bool) {
	if d.result == nil || len(d.result.Identity) == 0 {
		return tls.Certificate{}, false
	}
	out := tls.Certificate{PrivateKey: d.key, Leaf: d.result.Identity[0]}
	for _, c := range d.result.Identity {
		out.Certificate = append(out.Certificate, c.Raw)
	}
	return out, true
}
