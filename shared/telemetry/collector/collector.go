// Package collector makes the connection to the OpenTelemetry collector that the configuration file names, from every property
// of clients.openTelemetryCollector.grpc.
package collector

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net"

	"dps/shared/clienttls"
	"dps/shared/config"
	"dps/shared/dps"
	"dps/shared/telemetry/otlp"
)

const section = "clients.openTelemetryCollector.grpc"

// Open reads the files that the section names and prepares the connection; it does not wait for the collector. Nil where the
// section is not enabled. o brings what is not configuration: Log, Now, Count.
//
// Without any property of tls the system's roots are trusted; a collector on this machine is then spoken to in clear.
// Errors: CodeInvalid, CodeNotFound, CodeUnavailable, naming the property.
func Open(ctx context.Context, c config.CollectorGRPC, o otlp.Options) (*otlp.Collector, error) {
	if !c.Enabled {
		return nil, nil
	}
	o.Address = c.Address
	o.KeepAlive = otlp.KeepAlive{Time: c.KeepAlive.Time, Timeout: c.KeepAlive.Timeout, PermitWithoutStream: c.KeepAlive.PermitWithoutStream}
	var err error
	if o.TLS, err = trust(ctx, c); err != nil {
		return nil, named("tls", err)
	}
	opened, err := otlp.Connect(ctx, o)
	if err != nil {
		return nil, named("", err)
	}
	return opened, nil
}

// trust gives nil for a collector that is spoken to in clear.
func trust(ctx context.Context, c config.CollectorGRPC) (*tls.Config, error) {
	t := c.TLS
	if len(t.CAPool) == 0 && t.CertFile == "" && t.KeyFile == "" && !t.UseSystemCAPool && isLocal(c.Address) {
		return nil, nil
	}
	settings := dps.ClientTLS{Key: t.KeyFile, UseSystemCAPool: t.UseSystemCAPool}
	pool, err := readAll("caPool", t.CAPool)
	if err != nil {
		return nil, err
	}
	settings.CAPool = string(pool)
	if t.CertFile != "" {
		cert, err := readAll("certFile", []string{t.CertFile})
		if err != nil {
			return nil, err
		}
		settings.Cert = string(cert)
	}
	return clienttls.Config(ctx, files{}, settings)
}

func readAll(property string, names []string) ([]byte, error) {
	var all bytes.Buffer
	for _, name := range names {
		data, err := config.ReadFile(name)
		if err != nil {
			return nil, dps.Errorf(dps.CodeOf(err), "%s: %s", property, dps.AsError(err).Message)
		}
		all.Write(append(data, '\n'))
	}
	return all.Bytes(), nil
}

func isLocal(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && (host == "localhost" || net.ParseIP(host).IsLoopback())
}

// named puts the section before the error's own property; code and cause stay.
func named(property string, err error) error {
	e := dps.AsError(err)
	path := section + "."
	if property != "" {
		path += property + "."
	}
	return dps.Wrap(e.Code, err, fmt.Sprintf("%s%s", path, e.Message))
}

// files reads the key of the configuration's own client, which is a file.
type files struct{}

// Secret implements dps.Secrets.
func (files) Secret(_ context.Context, ref dps.SecretRef) ([]byte, error) {
	return config.ReadFile(string(ref))
}
