package certauthority

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"dps/shared/certauthority/pb"
	"dps/shared/dps"
)

// Probe finds out whether the hub's authority would sign: it sends a request without a CSR, which an authority that accepts
// client certificate and token calls invalid, and does nothing for. It gives the end of the authority's own certificate, zero
// where none was seen. Errors: as Sign, but for CodeInvalid.
func (a *Authorities) Probe(ctx context.Context, hub dps.Hub, token string) (validUntil time.Time, err error) {
	lease, err := a.client(ctx, hub)
	if err != nil {
		return time.Time{}, err
	}
	defer lease.Release()
	var seen peer.Peer
	ctx = metadata.AppendToOutgoingContext(ctx, metadataKey, "bearer "+token)
	_, err = lease.Client().authority.SignIdentityCertificate(ctx, &pb.SignCertificateRequest{}, grpc.Peer(&seen))
	if err != nil {
		err = translate(err)
	}
	if isTLS(err) {
		lease.Outdate()
	}
	if dps.CodeOf(err) == dps.CodeInvalid {
		err = nil
	}
	if info, ok := seen.AuthInfo.(credentials.TLSInfo); ok && len(info.State.PeerCertificates) > 0 {
		validUntil = info.State.PeerCertificates[0].NotAfter
	}
	return validUntil, err
}
