// Package iotivity holds the d2d client to a device that is not ours: a light made of iotivity-lite, OCF's reference implementation.
// Its tests need the built device and have a build tag of their own; `make test-iotivity` fetches, builds and runs it all.
//
//	d2d client ── discover, own, read, write, disown ──▶ device/device.c
//	                DTLS by key, DTLS and TLS by certificate     iotivity-lite, mbedTLS
package iotivity
