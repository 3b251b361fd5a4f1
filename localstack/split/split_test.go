//go:build aws

package split_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"dps/client/device"
	"dps/localstack/lambda"
	"dps/localstack/split"
	"dps/localstack/stack"
	"dps/shared/dps"
)

// patience bounds the waiting for what is asynchronous.
const patience = time.Minute

func start(t *testing.T, change func(*split.Options)) *split.Split {
	t.Helper()
	for _, v := range []string{"AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SECRETS_MANAGER"} {
		if os.Getenv(v) == "" && os.Getenv("AWS_ENDPOINT_URL") == "" {
			t.Fatalf("%s is not set: run this by `make test-aws`, which starts emulators", v)
		}
	}
	t.Setenv("AWS_ENDPOINT_URL_LAMBDA", "") // what Start sets goes with the test
	o := split.Options{
		Name: "test-" + dps.NewUUID()[:8], Concurrency: 8, Stack: stack.Options{Dir: t.TempDir()},
		Lambda: lambda.Options{
			Output: t.Output(), Seed: 1, Patience: 5 * time.Second, RetryDelays: []time.Duration{100 * time.Millisecond, time.Second},
		},
	}
	if change != nil {
		change(&o)
	}
	s, err := split.Start(t.Context(), o)
	must(t, err)
	t.Cleanup(func() { must(t, s.Stop()) })
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// settle waits until every result has come to the table.
func settle(t *testing.T, s *split.Split) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	must(t, s.Service.Flush(ctx))
	must(t, s.Lambda.Drain(ctx))
}

// checkStories holds the table against what the devices say: each has its record with every step, its binding, and an audit
// entry for the certificate it holds.
func checkStories(t *testing.T, s *split.Split, devices map[string]string) {
	t.Helper()
	for recordID, deviceID := range devices {
		rec, err := s.Store.Record(t.Context(), recordID)
		must(t, err)
		for _, step := range []dps.Step{dps.StepAttestation, dps.StepTime, dps.StepOwnership, dps.StepCloudConfiguration, dps.StepCredentials, dps.StepACLs} {
			if r, ok := rec.Steps[step]; !ok || r.Failed() {
				t.Errorf("record %s: step %s is %+v", recordID, step, r)
			}
		}
		if rec.DeviceID != deviceID || rec.Owner != stack.Owner || rec.GroupID != stack.GroupID {
			t.Errorf("record %s is of device %q, owner %q, group %q; want device %q", recordID, rec.DeviceID, rec.Owner, rec.GroupID, deviceID)
		}
		binding, err := s.Store.Binding(t.Context(), deviceID)
		must(t, err)
		if binding.RecordID != recordID {
			t.Errorf("device %s belongs to %s, want %s", deviceID, binding.RecordID, recordID)
		}
		audit, _, err := s.Store.ListAudit(t.Context(), recordID, dps.Page{})
		must(t, err)
		if held := rec.Steps[dps.StepCredentials].Credential; held == nil || !issued(audit, held.IdentityCertificatePEM) {
			t.Errorf("record %s: the certificate that was handed out has no audit entry among %d", recordID, len(audit))
		}
	}
}

func issued(audit []dps.AuditEntry, certificatePEM string) bool {
	held, err := dps.ParseCertificatesPEM([]byte(certificatePEM), dps.MaxGroupCertificates)
	if err != nil {
		return false
	}
	for _, e := range audit {
		if e.Event == dps.AuditIssued && e.Serial == held[0].SerialNumber.Text(16) {
			return true
		}
	}
	return false
}

// fleet provisions devices, half of them over UDP, and gives their device ids by record id.
func fleet(t *testing.T, s *split.Split, count, attempts int, renew bool) (*device.Summary, map[string]string) {
	t.Helper()
	ids, made := make([]string, count), make(map[string]string)
	summary, err := device.RunFleet(t.Context(), device.FleetConfig{
		Count: count, Concurrency: 16, ConnectToGateway: true, Renew: renew,
		NewDevice: func(i int) (device.Config, error) {
			c, err := s.NewDevice([]string{"tcp", "udp"}[i%2], fmt.Sprintf("lamp-%d", i))
			ids[i], c.MaxAttempts, c.RetryDelay = stack.RecordID(c), attempts, 100*time.Millisecond
			return c, err
		},
		Done: func(i int, o device.Outcome) { made[ids[i]] = o.DeviceID },
	})
	must(t, err)
	t.Logf("%s", summary)
	if summary.OK != count {
		t.Fatalf("%d of %d devices failed", summary.Failed, count)
	}
	return summary, made
}

// devices is how many; DPS_TEST_DEVICES for more.
func devices(t *testing.T, instead int) int {
	t.Helper()
	if v := os.Getenv("DPS_TEST_DEVICES"); v != "" {
		n, err := strconv.Atoi(v)
		must(t, err)
		return n
	}
	return instead
}

// TestFleet: the whole way of many devices over Lambda's protocol and the emulators, some events delivered twice.
func TestFleet(t *testing.T) {
	s := start(t, nil)
	for _, name := range []string{"enroll", "token", "sign", "record"} {
		must(t, s.Lambda.SetFaults(s.Name+"-"+name, lambda.Faults{Twice: 0.2}))
	}
	n := devices(t, 100)
	_, made := fleet(t, s, n, 1, true)
	settle(t, s)
	checkStories(t, s, made)
	token, sign, record := stats(t, s, "token"), stats(t, s, "sign"), stats(t, s, "record")
	t.Logf("invocations for %d devices with a renewal each: token %+v, sign %+v, record %+v", n, token, sign, record)
}

func stats(t *testing.T, s *split.Split, name string) lambda.Stats {
	t.Helper()
	st, err := s.Lambda.Stats(s.Name + "-" + name)
	must(t, err)
	return st
}
