// Package coapserver is the wire side of the ingress: CoAP over TLS over TCP (RFC 8323) and over DTLS over UDP (RFC 7252).
//
//	accept → half-open table → handshake (Admit judges the certificates) → connection ⇄ Session
//
// What the real device misreads (PROTOCOL §2) cannot be sent from here: every message goes through one encoder.
package coapserver

import (
	"context"
	"crypto/x509"
	"net"

	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// Peer is who knocks: what is known before the handshake is over.
type Peer struct {
	Certificates []*x509.Certificate // as presented, leaf first; at least one
	Remote       net.Addr
	Protocol     string // "tcp" or "udp"
}

// Admitter judges peers during their handshake.
type Admitter interface {
	// Admit gives the session of a peer that may enter. Any error refuses the handshake with a TLS alert; ctx ends with
	// the handshake's deadline.
	Admit(ctx context.Context, peer Peer) (Session, error)
}

// Session is one admitted connection. its methods are never called at the same time.
type Session interface {
	// Opened says that the handshake is over: the peer has proven that it holds the key. Admit comes before that proof.
	Opened()
	// Serve answers one request. It keeps its own deadline.
	Serve(ctx context.Context, req Request) Response
	// Discovery is asked after each answer: once true, the connection sends GET /oic/res?rt=oic.wk.d to the peer.
	Discovery() bool
	// Answer takes the peer's answer to that, if one ever comes. body is valid during the call alone.
	Answer(format uint16, body []byte)
}

// Request is a peer's request.
type Request struct {
	Method codes.Code
	Path   string
	Format uint16     // Content-Format of Body; 10000 where the request names none
	Accept uint16     // the format wanted; 10000 where the request names none
	Body   []byte     // valid during Serve alone
	Fault  codes.Code // not 0: the request breaks the protocol, and this is the answer
}

// Response is the answer. Body without Code of class 2 is never sent: the device misreads any payload of an error.
type Response struct {
	Code   codes.Code
	Format uint16 // of Body
	Body   []byte
	MaxAge uint32 // seconds; sent with 5.03 alone
	Close  bool   // close the connection once this is sent
}
