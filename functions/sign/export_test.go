package sign

import "time"

// CSRCheck is the check of a CSR.
func CSRCheck(text, deviceID string) (pem []byte, err error) {
	csr, err := parseCSR(text, deviceID)
	return csr.pem, err
}

// AnswerCheck is the check of an authority's answer to the CSR.
func AnswerCheck(csrText, deviceID string, now time.Time) (func(answer []byte) (chainPEM string, err error), error) {
	csr, err := parseCSR(csrText, deviceID)
	if err != nil {
		return nil, err
	}
	h := &Handler{now: func() time.Time { return now }, verified: newVerifiedAuthorities(func(string, string) {})}
	return func(answer []byte) (string, error) {
		i, err := h.checkAnswer(answer, csr)
		if err != nil {
			return "", err
		}
		return i.chainPEM(), nil
	}, nil
}
