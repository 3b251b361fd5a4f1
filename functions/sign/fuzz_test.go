package sign_test

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"dps/functions/sign"
	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/hubtest"
	"dps/shared/pki"
)

// What passes is exactly a CSR for the device; what does not has the code invalid. Nothing panics.
func FuzzCSR(f *testing.F) {
	good := newCSR(f, hubtest.Device.DeviceID)
	f.Add(good)
	f.Add(newCSR(f, "00000000-cafe-4eaf-8eef-0000000000ff"))
	f.Add(strings.ReplaceAll(good, "\n", "\r\n"))
	f.Add(good[:len(good)/2])
	f.Add("-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----\n")
	f.Fuzz(func(t *testing.T, text string) {
		bare, err := sign.CSRCheck(text, hubtest.Device.DeviceID)
		if err != nil {
			if dps.CodeOf(err) != dps.CodeInvalid {
				t.Fatalf("error %v", err)
			}
			return
		}
		if len(text) > contract.MaxCSRSize {
			t.Fatal("longer than the bound")
		}
		again, err := sign.CSRCheck(string(bare), hubtest.Device.DeviceID)
		if err != nil || !bytes.Equal(again, bare) {
			t.Fatalf("what is sent on does not pass itself: %v", err)
		}
		block, _ := pem.Decode(bare)
		csr, err := x509.ParseCertificateRequest(block.Bytes)
		if err != nil || !strings.EqualFold(csr.Subject.CommonName, "uuid:"+hubtest.Device.DeviceID) || len(csr.DNSNames) > 0 {
			t.Fatalf("passed: %v, %v", csr, err)
		}
	})
}

// What passes verifies with the standard library's own verifier; what does not has the code unavailable. Nothing panics.
func FuzzAnswer(f *testing.F) {
	hub := hubtest.New(f)
	csr := newCSR(f, hubtest.Device.DeviceID)
	good := hubtest.Must(hub.CA.Sign([]byte(csr)))(f)
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add(hubtest.Must(hub.CA.Sign([]byte(csr), pki.EKU(x509.ExtKeyUsageServerAuth)))(f))
	f.Add([]byte(dps.EncodeCertificatesPEM(hub.CA.Root.Certificate, hub.CA.Root.Certificate)))
	now := time.Now()
	check := hubtest.Must(sign.AnswerCheck(csr, hubtest.Device.DeviceID, now))(f)
	f.Fuzz(func(t *testing.T, answer []byte) {
		chainPEM, err := check(answer)
		if err != nil {
			if dps.CodeOf(err) != dps.CodeUnavailable {
				t.Fatalf("error %v", err)
			}
			return
		}
		chain := hubtest.Must(dps.ParseCertificatesPEM([]byte(chainPEM), 10))(t)
		intermediates := x509.NewCertPool()
		for _, c := range chain[1:] {
			intermediates.AddCert(c)
		}
		if _, err := chain[0].Verify(x509.VerifyOptions{
			Roots: hub.CA.Root.Pool(), Intermediates: intermediates, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
		}); err != nil {
			t.Fatal(err)
		}
	})
}
