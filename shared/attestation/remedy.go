package attestation

// Advice is a rule in words for a person: what it means that the rule refused a device, and what to do about it.
type Advice struct {
	Means string
	Do    string
}

// Advice gives it; the zero Advice for what is no rule.
func (r Rule) Advice() Advice { return advice[r] }

// advice has every rule: a test holds it against the list.
var advice = map[Rule]Advice{
	RuleNoCertificate:       {"The device presents no manufacturer certificate.", "Have the maker put a certificate and its key into the device."},
	RuleTooManyCertificates: {"The device presents more certificates than are taken.", "Have it present its own certificate and the authorities between it and the group's chain, and nothing else."},
	RuleCertificateTooLarge: {"A certificate is longer than is taken.", "Have the maker issue a shorter one: fewer names and extensions, or an ECDSA key."},
	RuleKeyTooWeak:          {"A key on the way no longer proves anything.", "Have the maker issue with ECDSA on P-256 or better, or RSA of at least 2048 bits."},
	RuleSignatureTooWeak:    {"A certificate is signed by an algorithm that can be forged.", "Have the maker issue with SHA-256 or better."},
	RuleKeyUsage:            {"The device's certificate may not be used to sign a handshake.", "Have the maker issue it with the key usage digitalSignature."},
	RuleEKU:                 {"The certificate is not meant for TLS clients.", "Have the maker issue it with the extended key usage clientAuth, or switch the group's requireClientAuthEKU off where the certificate names none at all."},
	RuleCriticalExtension:   {"A certificate has a critical extension that is not understood here.", "Have the maker issue it without, or not critical."},

	RuleUnknownIssuer:         {"No enrollment group of yours has an authority of that name.", "Create a group with the maker's authority as its certificate chain, or add the authority to the group that the device is meant for."},
	RuleUntrustedPath:         {"An authority has the right name, but no chain of signatures leads to the group's chain.", "Add the authority in between to the group's chain, or have the device present it; if the maker has renewed his authority's key, use the new certificate."},
	RuleNotAnAuthority:        {"A certificate on the way may not issue others.", "Ask the maker: a certificate that is no authority's has signed."},
	RulePathTooLong:           {"An authority allows fewer authorities below it than there are.", "Ask the maker for an authority whose path length fits."},
	RuleNameConstraints:       {"An authority may not issue for that name.", "Ask the maker for an authority whose name constraints allow it."},
	RulePolicy:                {"The certificates' policies leave no way from the device to the group.", "Ask the maker for certificates whose policies agree."},
	RuleExpiredAuthority:      {"An authority on the way has expired.", "Put the maker's renewed authority into the group's chain; expiredCertificateEnabled forgives devices, never authorities."},
	RuleNotYetValidAuthority:  {"An authority on the way is not valid yet.", "Wait until it is, or look at the clock of whoever issued it."},
	RuleLeadCertificateMissed: {"The device's way to the root does not pass the group's lead certificate.", "Choose as lead certificate the authority that has issued these devices' certificates, or make a group for this one."},

	RuleGroupDisabled:   {"Somebody has disabled the group.", "Enable it again: dpsctl group enable ID."},
	RuleExpiredLeaf:     {"The device's own certificate has expired.", "Have the maker renew it, or set the group's expiredCertificateEnabled."},
	RuleNotYetValidLeaf: {"The device's own certificate is not valid yet.", "Wait until it is, or look at the clock of whoever issued it; expiredCertificateEnabled forgives it."},
	RuleDenied:          {"The device is on the group's deny list.", "Take it off the list if it may come."},
	RuleNotAllowed:      {"The group has an allow list, and the device is not on it.", "Put its common name, serial number or key id on the list."},
	RuleCRLUnusable:     {"A revocation list cannot be had, or not be used: the device might be on it.", "Give the group a list that is current and signed by the authority, under an address that answers."},
	RuleRevoked:         {"The device's certificate, or an authority on its way, is revoked.", "If that is a mistake, have the maker take it off the list; else the device stays out."},
}
