// Package local is the face that a simulated device shows on its own network, without any cloud: it answers discovery in the
// clear, lets in over DTLS and TLS whom its credentials name, does for them what its access control entries allow, and
// changes hands by the manufacturer-certificate method while nobody owns it.
//
//	multicast, unicast  coap://       → /oic/res, /oic/d, /oic/p, /oic/sec/doxm
//	DTLS                coaps://      → certificate or pre-shared key → access control → resource
//	TLS                 coaps+tcp://  → certificate                   → access control → resource
//
// It enforces what it was provisioned with as the firmware in the field does (OCF Security 2.2.5 §§7, 12, 13, and what
// iotivity-lite makes of it), so that a client that gets along with it gets along with a real one. Where the two differ the
// comment says so. Pre-shared keys work over DTLS alone: crypto/tls has no such cipher suites.
package local
