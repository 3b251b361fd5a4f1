//go:build aws

package lambda_test

import (
	"context"
	"crypto/x509"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"dps/localstack/lambda"
	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/hubtest"
	"dps/shared/invoke"
	"dps/shared/pki"
	"dps/shared/secrets/secretsmanager"
	"dps/shared/store/dynamodb"
	"dps/shared/telemetry"
)

// cloud is all functions as processes, over the emulators of DynamoDB and Secrets Manager, with a hub of the test.
type cloud struct {
	*kit
	functions contract.Functions // synchronous, over the SDK
	store     *dynamodb.Store
	hub       *hubtest.Hub
	maker     *pki.Pair
}

func endpoint(t *testing.T, variable string) string {
	t.Helper()
	url := os.Getenv(variable)
	if url == "" {
		t.Fatalf("%s is not set: run this by 'make test-aws', which starts the emulators", variable)
	}
	return url
}

func newCloud(t *testing.T, o lambda.Options) *cloud {
	t.Helper()
	tables, hushed := endpoint(t, "AWS_ENDPOINT_URL_DYNAMODB"), endpoint(t, "AWS_ENDPOINT_URL_SECRETS_MANAGER")
	transport := new(http.Transport)
	t.Cleanup(transport.CloseIdleConnections)
	cfg := aws.Config{
		Region: "eu-central-1", Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""), HTTPClient: &http.Client{Transport: transport},
	}
	client := ddb.NewFromConfig(cfg, func(o *ddb.Options) { o.BaseEndpoint = &tables })
	name := "lambda-" + dps.NewUUID()
	if err := dynamodb.CreateTable(t.Context(), client, name); err != nil {
		t.Fatal(err)
	}
	c := &cloud{store: dynamodb.New(client, name), hub: hubtest.New(t), maker: hubtest.Must(pki.NewRoot("maker"))(t)}
	secrets := secretsmanager.New(sm.NewFromConfig(cfg, func(o *sm.Options) { o.BaseEndpoint = &hushed }), secretsmanager.Options{Prefix: name})
	t.Cleanup(secrets.Close)
	c.fill(t, secrets)
	env := map[string]string{
		"DPS_TABLE": name, "DPS_SECRETS_PREFIX": name, "DPS_TOKEN_FUNCTION": contract.Token,
		"DPS_SIGN_FUNCTION": "sign", "DPS_API_AUTHORITY": "https://auth.example.com", "DPS_API_AUDIENCE": "api",
		"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
		"AWS_ENDPOINT_URL_DYNAMODB": tables, "AWS_ENDPOINT_URL_SECRETS_MANAGER": hushed,
	}
	c.start(t, o, env)
	return c
}

// fill writes one hub, one group and their secrets.
func (c *cloud) fill(t *testing.T, secrets *secretsmanager.Store) {
	t.Helper()
	for _, ref := range []dps.SecretRef{hubtest.ClientSecretRef, hubtest.ClientKeyRef} {
		name, _ := ref.Name()
		hubtest.Must(secrets.PutSecret(t.Context(), name, hubtest.Must(c.hub.Secrets.Secret(t.Context(), ref))(t)))(t)
	}
	h := c.hub.Entry(hubtest.HubEntry, hubtest.Owner)
	h.Version = 0
	hubtest.Must(c.store.PutHub(t.Context(), h))(t)
	hubtest.Must(c.store.PutGroup(t.Context(), dps.EnrollmentGroup{
		ID: hubtest.GroupID, Owner: hubtest.Owner, HubIDs: []string{hubtest.HubEntry},
		X509: dps.X509Attestation{CertificateChain: string(c.maker.CertificatePEM())},
	}))(t)
}

func (c *cloud) start(t *testing.T, o lambda.Options, env map[string]string) {
	t.Helper()
	o.Patience = time.Minute
	var functions []lambda.Function
	for _, name := range lambda.Names() {
		f := function(t, name, env)
		f.Invokes = name == contract.Sign
		functions = append(functions, f)
	}
	c.kit = newKitOf(t, o, functions...)
	c.functions = &invoke.Remote{Transport: func(ctx context.Context, name string, request []byte) ([]byte, error) {
		out, err := c.client.Invoke(ctx, &sdk.InvokeInput{FunctionName: &name, Payload: request})
		if err != nil {
			return nil, dps.Wrap(dps.CodeUnavailable, err, "not invoked")
		}
		if out.FunctionError != nil {
			return nil, dps.Errorf(dps.CodeUnavailable, "%s", out.Payload)
		}
		return out.Payload, nil
	}}
}

// record sends results as the ingress does: asynchronously.
func (c *cloud) record(t *testing.T, results ...dps.StepResult) {
	t.Helper()
	data, err := contract.EncodeRequest(t.Context(), contract.RecordRequest{Results: results})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.client.Invoke(t.Context(), &sdk.InvokeInput{
		FunctionName: aws.String(contract.Record), Payload: data, InvocationType: types.InvocationTypeEvent,
	}); err != nil {
		t.Fatal(err)
	}
}

// A device's way through the built functions, each event twice: found, given a token, signed for, recorded.
func TestADevicesWayThroughTheFunctions(t *testing.T) {
	c := newCloud(t, lambda.Options{})
	device := hubtest.Device
	csr := string(hubtest.Must(pki.NewCSR("uuid:"+device.DeviceID, hubtest.Must(pki.NewKey())(t)))(t))
	serials := make(map[string]bool)
	for range 2 {
		found := hubtest.Must(c.functions.Enroll(t.Context(), contract.EnrollRequest{
			Issuers: []contract.Issuer{{NameHash: dps.NameHash(c.maker.Certificate.RawSubject)}},
		}))(t)
		if len(found.Candidates) != 1 || found.Candidates[0].GroupID != hubtest.GroupID || found.Generation == 0 {
			t.Fatalf("found %+v", found)
		}
		token := hubtest.Must(c.functions.Token(t.Context(), contract.TokenRequest{Device: device}))(t)
		if token.AccessToken == "" || token.Expiry.Before(time.Now()) {
			t.Errorf("token that ends %s", token.Expiry)
		}
		signed := hubtest.Must(c.functions.Sign(t.Context(), contract.SignRequest{Device: device, CSR: csr}))(t)
		serials[leafOf(t, signed).SerialNumber.Text(16)] = true
	}
	audit, _, err := c.store.ListAudit(t.Context(), device.RecordID, dps.Page{})
	if err != nil || len(audit) != 2 || len(serials) != 2 || !serials[audit[0].Serial] || !serials[audit[1].Serial] {
		t.Errorf("audit %+v, %v; certificates %v", audit, err, slices.Collect(maps.Keys(serials)))
	}
	// One token for the owner, which sign asked of token, and one a device for each time it came.
	if _, grants := c.hub.OAuth.Calls(); grants != 3 {
		t.Errorf("%d tokens were obtained, want 3", grants)
	}
}

func leafOf(t *testing.T, reply contract.SignReply) *x509.Certificate {
	t.Helper()
	chain := hubtest.Must(dps.ParseCertificatesPEM([]byte(reply.CertificateChain), 10))(t)
	return chain[0]
}

// Batches that come twice, and by instances that are killed before and after their work: each result is in its record, once.
func TestRecordLosesNothing(t *testing.T) {
	const batches, devices = 20, 5
	c := newCloud(t, lambda.Options{Seed: 7, RetryDelays: make([]time.Duration, 20)})
	c.faults(t, contract.Record, lambda.Faults{Kill: 0.3, Twice: 0.5})
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	records := make([]string, devices)
	for i := range records {
		records[i] = dps.NewUUID()
	}
	var sending sync.WaitGroup
	for n := range batches {
		sending.Go(func() {
			var results []dps.StepResult
			for _, id := range records {
				results = append(results, dps.StepResult{
					EventID: dps.NewUUID(), Time: begin.Add(time.Duration(n) * time.Second), RecordID: id,
					GroupID: hubtest.GroupID, Owner: hubtest.Owner, Step: dps.StepTime, CoAPCode: "2.05",
				})
			}
			c.record(t, results...)
		})
	}
	sending.Wait()
	c.drain(t)
	for _, id := range records {
		r := hubtest.Must(c.store.Record(t.Context(), id))(t)
		if last := begin.Add((batches - 1) * time.Second); !r.Steps[dps.StepTime].Time.Equal(last) {
			t.Errorf("record %s ends at %+v, want the last result's %s", id, r.Steps[dps.StepTime], last)
		}
	}
	if s := c.stats(t, contract.Record); s.Killed == 0 || s.Doubled == 0 || len(c.DeadLetters()) != 0 {
		t.Errorf("stats %+v, dead letters %v", s, c.DeadLetters())
	}
}

func TestAPIIsReady(t *testing.T) {
	c := newCloud(t, lambda.Options{})
	gateway, err := c.Gateway("api", telemetry.Discard())
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	gateway.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", http.NoBody))
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `{"status":"ready"}`) {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
}
