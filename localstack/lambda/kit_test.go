package lambda_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"go.uber.org/goleak"

	"dps/localstack/lambda"
)

// binaries are built once, each when it is first wanted.
type binaries struct {
	dir   string
	mu    sync.Mutex
	built map[string]string
}

var built = binaries{built: make(map[string]string)}

func TestMain(m *testing.M) {
	var err error
	if built.dir, err = os.MkdirTemp("", "functions"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	_ = os.RemoveAll(built.dir)
	os.Exit(code)
}

func (b *binaries) get(t testing.TB, name string) string {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if path := b.built[name]; path != "" {
		return path
	}
	pkg := "dps/functions/" + name + "/cmd"
	if name == "puppet" {
		pkg = "dps/localstack/lambda/internal/puppet"
	}
	path, err := lambda.Build(context.Background(), pkg, "", filepath.Join(b.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	b.built[name] = path
	return path
}

// kit is a harness and the SDK's client of it.
type kit struct {
	*lambda.Harness
	client *sdk.Client
}

type log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// newKit runs puppets.
func newKit(t *testing.T, o lambda.Options, puppets ...lambda.Function) *kit {
	t.Helper()
	for i := range puppets {
		puppets[i].Binary = built.get(t, "puppet")
	}
	return newKitOf(t, o, puppets...)
}

// newKitOf runs any functions, and ends them with the test.
func newKitOf(t *testing.T, o lambda.Options, functions ...lambda.Function) *kit {
	t.Helper()
	o.Functions = functions
	output := new(log)
	if o.Output == nil {
		o.Output = output
	}
	if o.RetryDelays == nil {
		o.RetryDelays = []time.Duration{time.Millisecond, time.Millisecond}
	}
	h, err := lambda.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if t.Failed() {
			t.Logf("the functions said:\n%s", output)
		}
	})
	return newKitOn(t, h)
}

// newKitOn leaves the closing to the test.
func newKitOn(t *testing.T, h *lambda.Harness) *kit {
	t.Helper()
	transport := new(http.Transport)
	t.Cleanup(transport.CloseIdleConnections)
	return &kit{Harness: h, client: sdk.New(sdk.Options{
		Region: "eu-central-1", Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		BaseEndpoint: aws.String(h.URL()), HTTPClient: &http.Client{Transport: transport}, RetryMaxAttempts: 1,
	})}
}

func (k *kit) faults(t *testing.T, name string, f lambda.Faults) {
	t.Helper()
	if err := k.SetFaults(name, f); err != nil {
		t.Fatal(err)
	}
}

// puppet is a function without anything special.
func puppet(name string) lambda.Function {
	return lambda.Function{Name: name, Timeout: 30 * time.Second}
}

type act map[string]any

func (k *kit) invoke(ctx context.Context, name string, a act) (*sdk.InvokeOutput, error) {
	payload, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	return k.client.Invoke(ctx, &sdk.InvokeInput{FunctionName: &name, Payload: payload})
}

func (k *kit) mustInvoke(t *testing.T, name string, a act) *sdk.InvokeOutput {
	t.Helper()
	out, err := k.invoke(t.Context(), name, a)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (k *kit) send(t *testing.T, name string, a act) {
	t.Helper()
	payload, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	out, err := k.client.Invoke(t.Context(), &sdk.InvokeInput{FunctionName: &name, Payload: payload, InvocationType: types.InvocationTypeEvent})
	if err != nil {
		t.Fatal(err)
	}
	if out.StatusCode != http.StatusAccepted || len(out.Payload) != 0 {
		t.Fatalf("an event was answered with %d %q, want 202 and nothing", out.StatusCode, out.Payload)
	}
}

func (k *kit) stats(t *testing.T, name string) lambda.Stats {
	t.Helper()
	s, err := k.Stats(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (k *kit) drain(t *testing.T) {
	t.Helper()
	if err := k.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

type performance struct {
	Body       any
	PID        int
	RequestID  string
	ARN        string
	DeadlineMs int64
}

func decode[T any](t *testing.T, payload []byte) (v T) {
	t.Helper()
	if err := json.Unmarshal(payload, &v); err != nil {
		t.Fatalf("%q: %v", payload, err)
	}
	return v
}

type functionError struct{ ErrorType, ErrorMessage string }

// wantFunctionError asserts a failed invocation, with a message that holds what is wanted.
func wantFunctionError(t *testing.T, out *sdk.InvokeOutput, kind, message string) {
	t.Helper()
	if out.StatusCode != http.StatusOK || aws.ToString(out.FunctionError) != "Unhandled" {
		t.Fatalf("status %d, function error %q, payload %s; want 200 and Unhandled", out.StatusCode, aws.ToString(out.FunctionError), out.Payload)
	}
	if e := decode[functionError](t, out.Payload); e.ErrorType != kind || !strings.Contains(e.ErrorMessage, message) {
		t.Fatalf("function error %+v, want %s with %q", e, kind, message)
	}
}

// wantAPIError asserts an error of the REST API as the SDK knows it.
func wantAPIError[E error](t *testing.T, err error) {
	t.Helper()
	var want E
	if !errors.As(err, &want) {
		t.Fatalf("error %v, want %T", err, want)
	}
}

// barrier is what puppets wait at until the test lets them go.
type barrier struct {
	url     string
	arrived chan struct{}
	open    chan struct{}
}

func newBarrier(t *testing.T) *barrier {
	t.Helper()
	b := &barrier{arrived: make(chan struct{}, 1000), open: make(chan struct{})}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b.arrived <- struct{}{}
		select {
		case <-b.open:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

// marks counts the lines in a file, by what stands in them.
func marks(t *testing.T, path string) map[string]int {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	counts := make(map[string]int)
	for _, line := range strings.Fields(string(data)) {
		counts[line]++
	}
	return counts
}
