package dynamodb

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"dps/shared/dps"
	"dps/shared/pki"
)

func pemOf(t *testing.T, names ...string) (text string) {
	t.Helper()
	for _, name := range names {
		pair, err := pki.NewRoot(name)
		if err != nil {
			t.Fatal(err)
		}
		text += string(pair.CertificatePEM())
	}
	return text
}

// TestCertificatesSurvive: text comes back to the byte, whether it could be stored as bytes or not.
func TestCertificatesSurvive(t *testing.T) {
	one, two := pemOf(t, "a"), pemOf(t, "a", "b")
	for text, packed := range map[string]bool{
		one: true, two: true,
		"": false, "PEM": false, one + " ": false, "x" + one: false, one[:len(one)-1]: false, strings.ReplaceAll(one, "\n", "\r\n"): false,
		certificateBegin: false, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n": false,
		"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n": true, // an empty sequence
	} {
		v := packCertificates(&types.AttributeValueMemberS{Value: text})
		if _, bytes := v.(*types.AttributeValueMemberB); bytes != packed {
			t.Errorf("%.40q is stored as a %T", text, v)
		}
		if got := stringOf(unpackCertificates(v)); got != text {
			t.Errorf("%q comes back as %q", text, got)
		}
	}
}

func FuzzCertificates(f *testing.F) {
	f.Add("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n")
	f.Add("-----BEGIN CERTIFICATE-----\nMAAwAA==\n-----END CERTIFICATE-----\n")
	f.Fuzz(func(t *testing.T, s string) {
		if got := stringOf(unpackCertificates(packCertificates(text(s)))); got != s {
			t.Errorf("%q comes back as %q", s, got)
		}
	})
}

func result(step dps.Step, deviceID string) dps.StepResult {
	return dps.StepResult{
		EventID: "event-" + string(step), Time: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), RecordID: "record", GroupID: "group",
		Owner: "owner", Step: step, DeviceID: deviceID,
	}
}

// TestRecordSurvives, though each step is stored without what the record says as well.
func TestRecordSurvives(t *testing.T) {
	var rec dps.Record
	former := result("former", "old-device")
	former.Owner, former.GroupID, former.Time = "former owner", "former group", former.Time.Add(-time.Hour)
	credential := result(dps.StepCredentials, "device")
	credential.Credential = &dps.CredentialDetail{IdentityCertificatePEM: pemOf(t, "leaf", "ca"), Credentials: []dps.CredentialSummary{{PublicPEM: "no PEM"}}}
	for _, r := range []dps.StepResult{former, result(dps.StepAttestation, ""), result(dps.StepTime, "device"), credential} {
		rec.Merge(r)
	}
	it, err := encodeRecord(rec)
	if err != nil {
		t.Fatal(err)
	}
	same := it[stepPrefix+string(dps.StepTime)].(*types.AttributeValueMemberM).Value
	for _, field := range []string{"recordId", "owner", "groupId", "deviceId", "step"} {
		if same[field] != nil {
			t.Errorf("the step repeats the record's %s", field)
		}
	}
	got, err := decodeRecord(it)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rec, got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestTimesOutsideTheCalendarAreRefused(t *testing.T) {
	r := result(dps.StepTime, "device")
	r.Time = r.Time.AddDate(10000, 0, 0)
	var rec dps.Record
	rec.Merge(r)
	if _, err := encodeRecord(rec); dps.CodeOf(err) != dps.CodeInvalid || !strings.Contains(err.Error(), "clock") {
		t.Errorf("%v, want %s", err, dps.CodeInvalid)
	}
}

// TestTooLargeAnItemSaysWhatToShorten, wherever it is nested.
func TestTooLargeAnItemSaysWhatToShorten(t *testing.T) {
	g := dps.EnrollmentGroup{ID: dps.NewUUID(), Owner: "owner"}
	g.X509.Deny.Serials = make([]string, 10_000)
	for i := range g.X509.Deny.Serials {
		g.X509.Deny.Serials[i] = strings.Repeat("a", 40)
	}
	_, err := keyed(g, kindGroup, g.ID)
	for _, want := range []string{"enrollment group", "409600", "x509.deny.serials"} {
		if dps.CodeOf(err) != dps.CodeInvalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s and %q", err, dps.CodeInvalid, want)
		}
	}
	g.X509.Deny.Serials = g.X509.Deny.Serials[:9000]
	if _, err := keyed(g, kindGroup, g.ID); err != nil {
		t.Error(err)
	}
}

func TestASerialTooLongForAKeyIsRefused(t *testing.T) {
	_, err := encodeAudit(dps.AuditEntry{RecordID: "r", Serial: strings.Repeat("a", 81)})
	if dps.CodeOf(err) != dps.CodeInvalid || !strings.Contains(err.Error(), "serial") {
		t.Errorf("%v, want %s", err, dps.CodeInvalid)
	}
}

// TestOwnerKeys: no owner's name makes two owners' listings one.
func TestOwnerKeys(t *testing.T) {
	seen := map[string]string{}
	for _, owner := range []string{"a", "a#GROUP#", "a#GROUP#0", "#", "a#REC#1", ""} {
		for _, k := range []kind{kindGroup, kindHub, kindRecord} {
			for _, key := range k.ownerKeys(owner) {
				if other, ok := seen[key]; ok {
					t.Errorf("%q is of %q and of %q", key, owner+"/"+k.what, other)
				}
				seen[key] = owner + "/" + k.what
			}
		}
	}
	it := item{}
	kindRecord.listed(it, "a#REC#1", "id")
	if !kindRecord.isOwners(it, "a#REC#1") || kindRecord.isOwners(it, "a") {
		t.Errorf("%v is whose?", it)
	}
}
