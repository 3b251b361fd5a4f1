package sign_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"dps/functions/sign"
	"dps/shared/certauthority"
	"dps/shared/claim"
	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/hubtest"
	"dps/shared/invoke"
	"dps/shared/oauth"
	"dps/shared/pki"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const pskRef = dps.SecretRef("secret:psk")

type fixture struct {
	*hubtest.World
	ways   map[string]hubtest.Functions
	counts *hubtest.Counts
	csr    string
}

func newFixture(t testing.TB, wrap func(claim.Store) claim.Store) *fixture {
	t.Helper()
	w := hubtest.NewWorld(t)
	f := &fixture{World: w, counts: new(hubtest.Counts), csr: newCSR(t, hubtest.Device.DeviceID)}
	tokens, authorities := oauth.New(w.Secrets, w.Clock.Now), certauthority.New(w.Secrets)
	t.Cleanup(func() { _, _ = tokens.Close(), authorities.Close() })
	var store claim.Store = w.Store
	if wrap != nil {
		store = wrap(store)
	}
	h := sign.New(store, tokens, authorities, w.Secrets, w.Clock.Now, sign.Options{Count: f.counts.Add})
	f.ways = hubtest.Ways(&invoke.InProcess{SignHandler: h.Handle})
	return f
}

func newCSR(t testing.TB, deviceID string) string {
	t.Helper()
	return string(hubtest.Must(pki.NewCSR("uuid:"+deviceID, hubtest.Must(pki.NewKey())(t)))(t))
}

func (f *fixture) sign(ctx context.Context) (contract.SignReply, error) {
	return f.ways["typed"].Sign(ctx, contract.SignRequest{Device: hubtest.Device, CSR: f.csr})
}

func (f *fixture) onSign(hook func(ctx context.Context, csr []byte, token string) ([]byte, error)) {
	f.CA.Do(func(ca *hubtest.CA) { ca.OnSign = hook })
}

// Each event twice, each way. A second certificate is one more, for the same key and device; all else is the same.
func TestSign(t *testing.T) {
	f := newFixture(t, nil)
	extra := hubtest.Must(pki.NewRoot("gateway root"))(t)
	f.Secrets.Set(pskRef, []byte("0123456789abcdef\n"))
	f.ChangeGroup(t, func(g *dps.EnrollmentGroup) { g.PreSharedKey = pskRef })
	f.ChangeHub(t, func(h *dps.Hub) {
		h.CAPool = dps.EncodeCertificatesPEM(f.CA.Root.Certificate, extra.Certificate, extra.Certificate)
	})
	serials := make(map[string]bool)
	for way, functions := range f.ways {
		for range 2 {
			reply, err := functions.Sign(t.Context(), contract.SignRequest{Device: hubtest.Device, CSR: f.csr})
			if err != nil {
				t.Fatalf("%s: %v", way, err)
			}
			leaf := f.checkChain(t, reply)
			serials[leaf.SerialNumber.Text(16)] = true
			reply.CertificateChain = ""
			want := contract.SignReply{
				TrustAnchor:    dps.EncodeCertificatesPEM(f.CA.Root.Certificate),
				HubAuthorities: []string{dps.EncodeCertificatesPEM(extra.Certificate)},
				PreSharedKey:   "0123456789abcdef",
			}
			if diff := cmp.Diff(want, reply); diff != "" {
				t.Errorf("%s (-want +got):\n%s", way, diff)
			}
		}
	}
	entries := f.Audit(t, hubtest.Device.RecordID)
	if len(entries) != 4 || len(serials) != 4 {
		t.Fatalf("%d audit entries, %d serials; want 4 of each", len(entries), len(serials))
	}
	for _, e := range entries {
		if e.Event != dps.AuditIssued || !serials[e.Serial] || e.DeviceID != hubtest.Device.DeviceID || e.HubID != hubtest.HubEntry ||
			e.GroupID != hubtest.GroupID || e.Owner != hubtest.Owner || e.NotAfter.IsZero() || !strings.Contains(e.CertificatePEM, "BEGIN CERTIFICATE") {
			t.Errorf("entry %+v", e)
		}
	}
	if f.counts.Get("verified_authorities", "miss") != 1 || f.counts.Get("verified_authorities", "hit") != 3 {
		t.Errorf("authorities verified %d times, known %d times; want 1 and 3",
			f.counts.Get("verified_authorities", "miss"), f.counts.Get("verified_authorities", "hit"))
	}
	if _, grants := f.OAuth.Calls(); grants != 1 {
		t.Errorf("%d tokens for the owner, want 1", grants)
	}
}

// checkChain looks at the chain as a device does.
func (f *fixture) checkChain(t *testing.T, reply contract.SignReply) *x509.Certificate {
	t.Helper()
	chain := hubtest.Must(dps.ParseCertificatesPEM([]byte(reply.CertificateChain), 10))(t)
	if len(chain) != 2 || chain[0].Subject.CommonName != "uuid:"+hubtest.Device.DeviceID {
		t.Fatalf("chain of %d, leaf %s", len(chain), chain[0].Subject)
	}
	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(reply.TrustAnchor))
	intermediates.AddCert(chain[1])
	if _, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
		t.Fatal(err)
	}
	return chain[0]
}

func TestManyDevicesAtOnce(t *testing.T) {
	f := newFixture(t, nil)
	var devices sync.WaitGroup
	for i := range 50 {
		devices.Go(func() {
			d := hubtest.Device
			d.DeviceID = fmt.Sprintf("00000000-cafe-4eaf-8eef-%012d", i)
			d.RecordID = fmt.Sprintf("00000000-cafe-4eaf-8eef-%012x", 1<<40+i)
			reply, err := f.ways["typed"].Sign(t.Context(), contract.SignRequest{Device: d, CSR: newCSR(t, d.DeviceID)})
			if err != nil || !strings.Contains(reply.CertificateChain, "BEGIN") {
				t.Errorf("device %d: %v", i, err)
			}
		})
	}
	devices.Wait()
	if _, grants := f.OAuth.Calls(); grants != 1 {
		t.Errorf("%d tokens for the owner, want 1", grants)
	}
}

func TestForeignDeviceID(t *testing.T) {
	f := newFixture(t, nil)
	hubtest.Must(f.sign(t.Context()))(t)
	before, _ := f.CA.Calls()
	thief := hubtest.Device
	thief.RecordID = "00000000-cafe-4eaf-8eef-0000000000bb"
	for way, functions := range f.ways {
		reply, err := functions.Sign(t.Context(), contract.SignRequest{Device: thief, CSR: newCSR(t, thief.DeviceID)})
		if dps.CodeOf(err) != dps.CodeDenied || reply.CertificateChain != "" {
			t.Fatalf("%s: error %v, want denied", way, err)
		}
	}
	if after, _ := f.CA.Calls(); after != before {
		t.Error("the authority was asked")
	}
	if entries := f.Audit(t, thief.RecordID); len(entries) != 1 || entries[0].Event != dps.AuditBindingDenied {
		t.Errorf("audit %+v", entries)
	}
}

func TestPreSharedKeys(t *testing.T) {
	tests := []struct {
		name, value, want string // want: in the message; "" where the key is good
	}{
		{"16 bytes", "0123456789abcdef", ""},
		{"with a newline", "0123456789abcdef\n", ""},
		{"with a Windows newline", "0123456789abcdef\r\n", ""},
		{"15 bytes", "0123456789abcde", "15 bytes"},
		{"15 bytes and a newline", "0123456789abcde\n", "15 bytes"},
		{"two newlines", "0123456789abcdef\n\n", "17 bytes"},
		{"17 bytes", "0123456789abcdefg", "17 bytes"},
		{"empty", "", "0 bytes"},
		{"not text", "0123456789abcd\xff\xfe", "not text"},
		{"missing", "-", "cannot be read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, nil)
			f.ChangeGroup(t, func(g *dps.EnrollmentGroup) { g.PreSharedKey = pskRef })
			if tt.value != "-" {
				f.Secrets.Set(pskRef, []byte(tt.value))
			}
			reply, err := f.sign(t.Context())
			if tt.want == "" {
				if err != nil || reply.PreSharedKey != "0123456789abcdef" {
					t.Fatalf("key %q, error %v", reply.PreSharedKey, err)
				}
				return
			}
			if dps.CodeOf(err) != dps.CodeUnavailable || !strings.Contains(dps.AsError(err).Message, tt.want) {
				t.Fatalf("error %v, want unavailable with %q", err, tt.want)
			}
			if len(tt.value) > 9 && strings.Contains(err.Error(), tt.value[:10]) {
				t.Errorf("error %q holds the key", err)
			}
			if calls, _ := f.CA.Calls(); calls != 0 {
				t.Error("a certificate was issued that cannot be handed out")
			}
		})
	}
}

func TestAuthorityInTrouble(t *testing.T) {
	tests := []struct {
		name  string
		hook  func(ctx context.Context, csr []byte, token string) ([]byte, error)
		code  dps.Code
		calls int
	}{
		{"down", func(context.Context, []byte, string) ([]byte, error) { return nil, status.Error(codes.Unavailable, "") }, dps.CodeUnavailable, 3},
		{"failing", func(context.Context, []byte, string) ([]byte, error) { return nil, status.Error(codes.Internal, "") }, dps.CodeUnavailable, 3},
		{"slow", func(ctx context.Context, _ []byte, _ string) ([]byte, error) { <-ctx.Done(); return nil, ctx.Err() }, dps.CodeUnavailable, 1},
		{"throttling", func(context.Context, []byte, string) ([]byte, error) {
			return nil, status.Error(codes.ResourceExhausted, "")
		}, dps.CodeThrottled, 3},
		{"calls the CSR invalid", func(context.Context, []byte, string) ([]byte, error) {
			return nil, status.Error(codes.InvalidArgument, "")
		}, dps.CodeInvalid, 1},
		{"lying", func(context.Context, []byte, string) ([]byte, error) { return []byte("trust me"), nil }, dps.CodeUnavailable, 1},
		{"refuses every token", func(context.Context, []byte, string) ([]byte, error) {
			return nil, status.Error(codes.Unauthenticated, "")
		}, dps.CodeUnavailable, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, nil)
			f.onSign(tt.hook)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if _, err := f.sign(ctx); dps.CodeOf(err) != tt.code {
				t.Fatalf("error %v, want %s", err, tt.code)
			}
			if calls, _ := f.CA.Calls(); calls != tt.calls {
				t.Errorf("%d calls, want %d", calls, tt.calls)
			}
			if entries := f.Audit(t, hubtest.Device.RecordID); len(entries) != 0 {
				t.Errorf("audit %+v of a certificate that is none", entries)
			}
		})
	}
}

func TestAuthorityThatKeepsLyingIsLeftAlone(t *testing.T) {
	f := newFixture(t, nil)
	f.onSign(func(context.Context, []byte, string) ([]byte, error) { return []byte("trust me"), nil })
	for range 20 {
		_, err := f.sign(t.Context())
		if dps.CodeOf(err) != dps.CodeUnavailable || !strings.Contains(dps.AsError(err).Message, "not PEM") {
			t.Fatalf("error %v, want unavailable, and why", err)
		}
	}
	if calls, _ := f.CA.Calls(); calls != 5 {
		t.Errorf("%d calls, want 5: then the breaker is open", calls)
	}
}

func TestRevokedTokenIsReplaced(t *testing.T) {
	f := newFixture(t, nil)
	hubtest.Must(f.sign(t.Context()))(t)
	_, tokens := f.CA.Calls()
	f.onSign(func(_ context.Context, csr []byte, token string) ([]byte, error) {
		if token == tokens[0] {
			return nil, status.Error(codes.Unauthenticated, "revoked")
		}
		return f.CA.Sign(csr)
	})
	hubtest.Must(f.sign(t.Context()))(t)
	if _, grants := f.OAuth.Calls(); grants != 2 {
		t.Errorf("%d grants, want 2", grants)
	}
}

// noAudit is a store that cannot write the audit.
type noAudit struct{ claim.Store }

func (noAudit) AppendAudit(context.Context, dps.AuditEntry) error {
	return dps.Errorf(dps.CodeUnavailable, "the audit is down")
}

func TestNoCertificateWithoutAudit(t *testing.T) {
	f := newFixture(t, func(s claim.Store) claim.Store { return noAudit{s} })
	for way, functions := range f.ways {
		reply, err := functions.Sign(t.Context(), contract.SignRequest{Device: hubtest.Device, CSR: f.csr})
		if dps.CodeOf(err) != dps.CodeUnavailable || reply.CertificateChain != "" {
			t.Fatalf("%s: reply %v, error %v", way, reply, err)
		}
	}
}

// What is sent to the authority is the CSR alone, whatever stood around it.
func TestCSRIsSentBare(t *testing.T) {
	f := newFixture(t, nil)
	bare := f.csr
	f.csr = "\n  " + bare + "\n\n"
	f.onSign(func(_ context.Context, csr []byte, _ string) ([]byte, error) {
		if !bytes.Equal(csr, []byte(bare)) {
			t.Errorf("sent %q", csr)
		}
		return f.CA.Sign(csr)
	})
	hubtest.Must(f.sign(t.Context()))(t)
}
