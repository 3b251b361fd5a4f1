package member

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"dps/shared/dps"
)

// Where the signing service is asked (PROTOCOL §6): under its own path, or under the prefix that plgd's deployments have.
const (
	signPath   = "/api/v1/sign/identity-csr"
	signPrefix = "/certificate-authority"
)

// maxReply bounds an answer of the signing service, in bytes.
const maxReply = 256 << 10

// signer has CSRs signed.
type signer struct {
	base   string
	client *http.Client
}

// sign gives the chain, PEM, as the service answers it: nothing of it is verified yet. Errors: CodeDenied where the token does not do,
// CodeInvalid where the request is refused, CodeUnavailable, CodeThrottled. None repeats the token.
func (s signer) sign(ctx context.Context, csr []byte, token string) ([]byte, error) {
	body, err := json.Marshal(map[string][]byte{"certificateSigningRequest": csr})
	if err != nil {
		return nil, dps.Wrap(dps.CodeInternal, err, "the request for a certificate cannot be written")
	}
	base := strings.TrimSuffix(s.base, "/")
	status, reply, err := s.post(ctx, base+signPath, body, token)
	if err == nil && (status == http.StatusNotFound || status == http.StatusMethodNotAllowed) && !strings.HasSuffix(base, signPrefix) {
		status, reply, err = s.post(ctx, base+signPrefix+signPath, body, token)
	}
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, refused(status, reply)
	}
	var answer struct {
		Certificate []byte `json:"certificate"`
	}
	if err := json.Unmarshal(reply, &answer); err != nil || len(answer.Certificate) == 0 {
		return nil, dps.Errorf(dps.CodeUnavailable, "the signing service answers without a certificate: see to remoteProvisioning.certificateAuthority")
	}
	return answer.Certificate, nil
}

func (s signer) post(ctx context.Context, address string, body []byte, token string) (int, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, nil, dps.Wrap(dps.CodeInvalid, err, "the signing service's address is none")
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	resp, err := s.client.Do(r)
	if err != nil {
		return 0, nil, dps.Wrap(dps.CodeUnavailable, withoutAddress(err), "the signing service does not answer")
	}
	defer func() { _ = resp.Body.Close() }()
	reply, err := io.ReadAll(io.LimitReader(resp.Body, maxReply+1))
	if err != nil || len(reply) > maxReply {
		return 0, nil, dps.Wrap(dps.CodeUnavailable, err, "the signing service's answer broke off, or is too large")
	}
	return resp.StatusCode, reply, nil
}

// refused turns a status into an error, in the service's own words as far as they are words.
func refused(status int, reply []byte) error {
	var said struct{ Message, Detail string }
	_ = json.Unmarshal(reply, &said) // what is no JSON says nothing
	words := clip(said.Detail)
	if words == "" {
		words = clip(said.Message)
	}
	if words == "" {
		words = http.StatusText(status)
	}
	code := dps.CodeUnavailable
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		code = dps.CodeDenied
	case status == http.StatusTooManyRequests:
		code = dps.CodeThrottled
	case status >= 400 && status < 500:
		code = dps.CodeInvalid
	}
	return dps.Errorf(code, "the signing service refuses (%d): %s", status, words)
}

// clip keeps what came from outside from flooding or forging a message.
func clip(s string) string {
	const most = 200
	s = strings.ToValidUTF8(s[:min(len(s), most)], "")
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}

// withoutAddress takes out of an error of net/http's what may be said in an address.
func withoutAddress(err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		return u.Err
	}
	return err
}
