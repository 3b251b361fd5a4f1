// Package pb is the gRPC contract of the hub's certificate authority, generated from certificateauthority.proto.
package pb

//go:generate go run github.com/bufbuild/buf/cmd/buf@v1.75.0 generate --template buf.gen.yaml --path certificateauthority.proto .
