package plgd

import (
	"crypto/x509"
	"strings"

	"dps/shared/dps"
)

// maxPool bounds the roots a client trusts.
const maxPool = 300

// PEMOf gives certificates as plgd writes them, a data URI.
func PEMOf(text string) string {
	if text == "" {
		return ""
	}
	return dps.EncodeDataURI([]byte(text))
}

// pemFrom gives the certificates that a client sent, if any, without what else stands between them. Errors: CodeInvalid.
func pemFrom(field, value string, limit int) (string, error) {
	if value == "" {
		return "", nil
	}
	chain, err := Certificates(field, value, limit)
	if err != nil {
		return "", err
	}
	return dps.EncodeCertificatesPEM(chain...), nil
}

// Certificates reads 1 to limit certificates, given as a data URI or as they are. A path is refused: it would be a file of the
// server's, which is none of the client's business. Errors: CodeInvalid, naming the field.
func Certificates(field, value string, limit int) ([]*x509.Certificate, error) {
	content := []byte(value)
	switch {
	case strings.HasPrefix(value, "data:"):
		var err error
		if content, err = dps.DecodeDataURI(value); err != nil {
			return nil, dps.Errorf(dps.CodeInvalid, "%s: %w", field, err)
		}
	case !strings.HasPrefix(strings.TrimSpace(value), "-----BEGIN "):
		return nil, dps.Errorf(dps.CodeInvalid, "%s: send the certificates themselves, in PEM format or as data:;base64,CONTENT; files of the server are not read", field)
	}
	chain, err := dps.ParseCertificatesPEM(content, limit)
	if err != nil {
		return nil, dps.Errorf(dps.CodeInvalid, "%s: %w", field, err)
	}
	return chain, nil
}

func poolOf(text string) []string {
	if text == "" {
		return nil
	}
	return []string{PEMOf(text)}
}

func poolFrom(field string, values []string, limit int) (string, error) {
	var all strings.Builder
	for _, value := range values {
		text, err := pemFrom(field, value, limit)
		if err != nil {
			return "", err
		}
		all.WriteString(text)
	}
	if n := strings.Count(all.String(), "-----BEGIN "); n > limit {
		return "", dps.Errorf(dps.CodeInvalid, "%s: has %d certificates, at most %d are taken", field, n, limit)
	}
	return all.String(), nil
}
