// Package iotivity holds the service and the d2d client to a device that is not ours: a light made of iotivity-lite, OCF's reference
// implementation, with another TLS and another CoAP. Its tests need the built programs of device/ and have a build tag of their own;
// `make test-iotivity` fetches, builds and runs it all.
//
//	service, hub ◀── the protocol, sign-up, sign-in ────────── provision.c ─┐
//	d2d client ──── discover, own, read, write, disown ─────▶ device.c    ─┤ light.c, factory.c ── iotivity-lite, mbedTLS
//	                DTLS by key, DTLS and TLS by certificate
package iotivity
