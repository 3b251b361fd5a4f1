// Package reach reaches OCF devices on the local network without a cloud: it finds them, opens secure sessions to them with a
// pre-shared key or an identity certificate, reads and updates their resources, and takes ownership of those that nobody
// owns.
//
//	Discover  multicast or address → GET /oic/res, /oic/d, /oic/sec/doxm in the clear → who is there, and whose they are
//	Read      coaps+tcp (TLS) or coaps (DTLS) → is it who it says it is? → GET
//	Own       coap, then coaps with the manufacturer's certificate, then coaps with our key (OCF Security 2.2.5 §7.3.6)
//
// What discovery tells is anybody's word. A device is believed only in a session: by its certificate, which leads to our roots
// and names its id, or because it holds our key and answers with its id. A pre-shared key that several devices hold proves
// the group, not the device. Pre-shared keys work over DTLS alone: crypto/tls has no such cipher suites.
//
// Errors are *dps.Error, in plain words; ReasonOf tells them apart.
package reach
