package authority

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"dps/shared/certauthority/pb"
)

// minPing is how often clients may ping: the service's default is every 10 s.
const minPing = 5 * time.Second

// Register serves the authority on a gRPC server.
func (a *Authority) Register(s *grpc.Server) {
	pb.RegisterCertificateAuthorityServer(s, &grpcServer{a: a})
}

// ServerOptions are what a gRPC server of the authority should be made with.
func ServerOptions() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: minPing, PermitWithoutStream: true}),
		grpc.MaxRecvMsgSize(64 << 10),
	}
}

type grpcServer struct {
	pb.UnimplementedCertificateAuthorityServer
	a *Authority
}

// SignIdentityCertificate implements the hub's gRPC contract.
func (s *grpcServer) SignIdentityCertificate(ctx context.Context, req *pb.SignCertificateRequest) (*pb.SignCertificateResponse, error) {
	if f := s.a.fault.Load(); f != nil {
		if err := wait(ctx, f.Delay); err != nil {
			return nil, status.FromContextError(err).Err()
		}
		if f.Err != nil {
			return nil, f.Err
		}
	}
	md, _ := metadata.FromIncomingContext(ctx)
	var header string
	if v := md.Get("authorization"); len(v) == 1 {
		header = v[0]
	}
	boundTo, err := s.a.authorize(header)
	if err != nil {
		return nil, status.Error(codes.Unauthenticated, err.Error())
	}
	chain, err := s.a.sign(req.GetCertificateSigningRequest(), boundTo)
	switch {
	case errors.Is(err, errForbidden):
		return nil, status.Error(codes.PermissionDenied, err.Error())
	case err != nil:
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	return &pb.SignCertificateResponse{Certificate: chain}, nil
}

func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
