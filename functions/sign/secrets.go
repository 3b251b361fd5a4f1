package sign

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"unicode/utf8"

	"dps/shared/dps"
)

// preSharedKey reads the group's key, "" where it has none. Errors: CodeUnavailable: a group that has a key must not hand
// out credentials without it.
func (h *Handler) preSharedKey(ctx context.Context, g dps.EnrollmentGroup) (string, error) {
	if g.PreSharedKey == "" {
		return "", nil
	}
	key, err := h.secrets.Secret(ctx, g.PreSharedKey)
	if err != nil {
		return "", dps.Wrap(dps.CodeUnavailable, err, "preSharedKey of the enrollment group: the secret cannot be read")
	}
	if line, ok := bytes.CutSuffix(key, []byte("\n")); ok { // editors like to add one
		key = bytes.TrimSuffix(line, []byte("\r"))
	}
	if len(key) != dps.PreSharedKeyLength {
		return "", dps.Errorf(dps.CodeUnavailable, "preSharedKey of the enrollment group: has %d bytes, devices want exactly %d", len(key), dps.PreSharedKeyLength)
	}
	if !utf8.Valid(key) {
		return "", dps.Errorf(dps.CodeUnavailable, "preSharedKey of the enrollment group: is not text (UTF-8), as which devices are sent it")
	}
	return string(key), nil
}

// hubAuthorities gives the hub's roots, each once as PEM of its own, without the trust anchor: the device has that anyway.
func hubAuthorities(h dps.Hub, trustAnchor *x509.Certificate) []string {
	var roots []string
	seen := [][]byte{trustAnchor.Raw}
	for block, rest := pem.Decode([]byte(h.CAPool)); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" || contains(seen, block.Bytes) {
			continue
		}
		seen = append(seen, block.Bytes)
		roots = append(roots, string(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes})))
	}
	return roots
}

func contains(all [][]byte, one []byte) bool {
	for _, b := range all {
		if bytes.Equal(b, one) {
			return true
		}
	}
	return false
}
