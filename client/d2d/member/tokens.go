package member

import (
	"bytes"
	"context"
	"io"
	"os"

	"dps/shared/dps"
)

// maxTokenFile bounds the token file, in bytes.
const maxTokenFile = 16 << 10

// errNoToken says that nobody is around who could renew.
var errNoToken = dps.Errorf(dps.CodeDenied, "a token is needed and there is none: use the client with a token, or POST /api/v1/identity/renew; "+
	"or set remoteProvisioning.tokenFile or deviceOAuthClient. When the certificate ends, devices let this client in no more")

// token finds an access token for renewing, as an Authorization header, and the refresh token that came with it. Errors: errNoToken,
// and those of the source that is configured.
func (m *Member) token(ctx context.Context, i *identity) (header, refresh string, err error) {
	if m.remote().TokenFile != "" {
		header, err = readTokenFile(m.remote().TokenFile)
		return header, i.refresh, err
	}
	if header, ok := m.lastSeen(); ok {
		return header, i.refresh, nil
	}
	if i.refresh != "" {
		return m.login().refresh(ctx, i.refresh)
	}
	return "", "", errNoToken
}

func (m *Member) lastSeen() (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.seen.header, m.seen.header != "" && m.o.Now().Before(m.seen.expiry)
}

// readTokenFile gives the file's token as an Authorization header. Errors: CodeUnavailable: it may be put there any moment.
func readTokenFile(path string) (string, error) {
	f, err := os.Open(path) //nolint:gosec // the configuration names it
	if err != nil {
		return "", dps.Wrap(dps.CodeUnavailable, err, "remoteProvisioning.tokenFile cannot be read")
	}
	defer func() { _ = f.Close() }() // read only
	data, err := io.ReadAll(io.LimitReader(f, maxTokenFile+1))
	token := bytes.TrimSpace(data)
	if err != nil || len(data) > maxTokenFile || len(token) == 0 || bytes.ContainsAny(token, " \r\n") {
		return "", dps.Wrap(dps.CodeUnavailable, err, "remoteProvisioning.tokenFile does not hold one access token and nothing else")
	}
	return "Bearer " + string(token), nil
}
