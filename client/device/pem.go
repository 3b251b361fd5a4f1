package device

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"dps/shared/ocf"
)

// pemChain reads the certificates of a credential, one or more.
func pemChain(c object) ([]*x509.Certificate, error) {
	data, err := c.object("publicdata")
	if err != nil {
		return nil, err
	}
	if err := data.textIs("encoding", ocf.EncodingPEM); err != nil {
		return nil, err
	}
	text, err := data.text("data")
	if err != nil {
		return nil, err
	}
	chain, err := parsePEM([]byte(text))
	if err != nil {
		return nil, faultf(ReasonBody, "%s: %w", data.at("data"), err)
	}
	return chain, nil
}

// parsePEM reads certificates and nothing else.
func parsePEM(rest []byte) ([]*x509.Certificate, error) {
	var out []*x509.Certificate
	for {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		switch {
		case block == nil && len(strings.TrimSpace(strings.TrimRight(string(rest), "\x00"))) > 0:
			return nil, fmt.Errorf("%d bytes are no PEM", len(rest))
		case block == nil && len(out) == 0:
			return nil, errors.New("no certificate")
		case block == nil:
			return out, nil
		case block.Type != "CERTIFICATE":
			return nil, fmt.Errorf("PEM block %q, want CERTIFICATE", clip(block.Type))
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
}
