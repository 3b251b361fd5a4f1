package awslambda_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"go.uber.org/goleak"

	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/invoke/awslambda"
	"dps/shared/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// peer is Lambda's REST API, answering by the test's script.
type peer struct {
	*httptest.Server
	t        *testing.T
	counters telemetry.Counters

	mu     sync.Mutex
	answer func(w http.ResponseWriter, function string)
	calls  []string // function and invocation type
	events [][]byte
}

func newPeer(t *testing.T) *peer {
	p := &peer{t: t}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	p.reply(`{"result":{"accessToken":"token"}}`)
	return p
}

func (p *peer) script(answer func(w http.ResponseWriter, function string)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

func (p *peer) reply(body string) {
	p.script(func(w http.ResponseWriter, _ string) { _, _ = io.WriteString(w, body) })
}

// fail answers as Lambda's API does, with an error of the type.
func (p *peer) fail(status int, kind string) {
	p.script(func(w http.ResponseWriter, _ string) {
		w.Header().Set("X-Amzn-Errortype", kind)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"Type":"User","Message":"the inside of AWS"}`)
	})
}

func (p *peer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutPrefix(r.URL.Path, "/2015-03-31/functions/")
	name, invocations := strings.CutSuffix(name, "/invocations")
	body, err := io.ReadAll(r.Body)
	var envelope struct {
		Version int             `json:"version"`
		Payload json.RawMessage `json:"payload"`
	}
	if !ok || !invocations || r.Method != http.MethodPost || err != nil || json.Unmarshal(body, &envelope) != nil || envelope.Version != contract.Version {
		p.t.Errorf("%s %s with %.100s is no invocation", r.Method, r.URL.Path, body)
	}
	p.mu.Lock()
	p.calls = append(p.calls, name+" "+r.Header.Get("X-Amz-Invocation-Type"))
	p.events = append(p.events, body)
	answer := p.answer
	p.mu.Unlock()
	answer(w, name)
}

func (p *peer) called() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.calls)
}

func (p *peer) functions() *awslambda.Functions {
	transport := &http.Transport{}
	p.t.Cleanup(transport.CloseIdleConnections)
	client := lambda.New(lambda.Options{
		Region: "eu-central-1", Credentials: credentials.NewStaticCredentialsProvider("key", "hush", ""), BaseEndpoint: &p.URL,
		HTTPClient: &http.Client{Transport: transport},
	})
	return awslambda.New(client, awslambda.Options{
		Names:    map[string]string{contract.Enroll: "dps-enroll", contract.Token: "dps-token", contract.Sign: "dps-sign", contract.Record: "dps-record"},
		Timeouts: map[string]time.Duration{contract.Token: 2 * time.Second, contract.Record: 2 * time.Second},
		Count:    p.counters.Add,
	})
}

func TestSynchronousCalls(t *testing.T) {
	p := newPeer(t)
	f := p.functions()
	reply, err := f.Token(t.Context(), contract.TokenRequest{})
	if err != nil || reply.AccessToken != "token" {
		t.Errorf("%+v, %v", reply, err)
	}
	p.reply(`{"result":{"generation":7}}`)
	if reply, err := f.Enroll(t.Context(), contract.EnrollRequest{}); err != nil || reply.Generation != 7 {
		t.Errorf("%+v, %v", reply, err)
	}
	p.reply(`{"result":{"trustAnchor":"root"}}`)
	if reply, err := f.Sign(t.Context(), contract.SignRequest{}); err != nil || reply.TrustAnchor != "root" {
		t.Errorf("%+v, %v", reply, err)
	}
	want := []string{"dps-token RequestResponse", "dps-enroll RequestResponse", "dps-sign RequestResponse"}
	if got := p.called(); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if p.counters.Get("dependency", "Lambda ok") != 3 {
		t.Errorf("%v", p.counters.Snapshot())
	}
}

// TestTheFunctionsOwnErrors are its reply, and no failure of Lambda's: they are not tried again here.
func TestTheFunctionsOwnErrors(t *testing.T) {
	p := newPeer(t)
	p.reply(`{"error":{"code":"throttled","message":"slowly","retryAfterMs":1500}}`)
	_, err := p.functions().Token(t.Context(), contract.TokenRequest{})
	if e := dps.AsError(err); e.Code != dps.CodeThrottled || e.Message != "slowly" || e.RetryAfter != 1500*time.Millisecond {
		t.Errorf("%+v", e)
	}
	if n := len(p.called()); n != 1 {
		t.Errorf("%d calls", n)
	}
}

func TestFailures(t *testing.T) {
	for name, tt := range map[string]struct {
		script func(*peer)
		want   dps.Code
		calls  int
		text   string // of the message, which may cross the border
	}{
		"throttled":          {func(p *peer) { p.fail(http.StatusTooManyRequests, "TooManyRequestsException") }, dps.CodeThrottled, 3, "reserved concurrency"},
		"Lambda is broken":   {func(p *peer) { p.fail(http.StatusInternalServerError, "ServiceException") }, dps.CodeUnavailable, 3, "does not answer"},
		"no such function":   {func(p *peer) { p.fail(http.StatusNotFound, "ResourceNotFoundException") }, dps.CodeUnavailable, 1, "functions.names"},
		"not allowed":        {func(p *peer) { p.fail(http.StatusForbidden, "AccessDeniedException") }, dps.CodeUnavailable, 1, "role"},
		"too large":          {func(p *peer) { p.fail(http.StatusRequestEntityTooLarge, "RequestTooLargeException") }, dps.CodeInvalid, 1, "too large"},
		"an empty answer":    {func(p *peer) { p.reply("") }, dps.CodeUnavailable, 1, "no reply"},
		"garbage":            {func(p *peer) { p.reply("<html>") }, dps.CodeUnavailable, 1, "no reply"},
		"endless":            {func(p *peer) { p.reply(`"` + strings.Repeat("x", 7<<20) + `"`) }, dps.CodeUnavailable, 1, "no reply"},
		"JSON of its own":    {func(p *peer) { p.reply(`{"something":"else"}`) }, dps.CodeInternal, 1, "neither"},
		"a function's crash": {crash, dps.CodeUnavailable, 3, "see its log"},
		"broken off": {func(p *peer) {
			p.script(func(http.ResponseWriter, string) { panic(http.ErrAbortHandler) })
		}, dps.CodeUnavailable, 3, "does not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPeer(t)
			tt.script(p)
			_, err := p.functions().Token(t.Context(), contract.TokenRequest{})
			e := dps.AsError(err)
			if err == nil || e.Code != tt.want || !strings.Contains(e.Message, tt.text) {
				t.Errorf("%v, want code %s and %q", err, tt.want, tt.text)
			}
			if err != nil && (strings.Contains(e.Message, "inside of AWS") || strings.Contains(err.Error(), "hush")) {
				t.Errorf("%q says too much", e.Message)
			}
			if n := len(p.called()); n != tt.calls {
				t.Errorf("%d calls, want %d", n, tt.calls)
			}
		})
	}
}

func crash(p *peer) {
	p.script(func(w http.ResponseWriter, _ string) {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		_, _ = io.WriteString(w, `{"errorMessage":"the inside of AWS","errorType":"Runtime.ExitError"}`)
	})
}

func TestAHiccupIsNotSeen(t *testing.T) {
	p := newPeer(t)
	var once sync.Once
	p.script(func(w http.ResponseWriter, _ string) {
		once.Do(func() { panic(http.ErrAbortHandler) })
		_, _ = io.WriteString(w, `{"result":{"accessToken":"token"}}`)
	})
	if reply, err := p.functions().Token(t.Context(), contract.TokenRequest{}); err != nil || reply.AccessToken != "token" {
		t.Errorf("%+v, %v", reply, err)
	}
}

func TestTheCallersEndIsTheCalls(t *testing.T) {
	p := newPeer(t)
	entered, release := make(chan struct{}), make(chan struct{})
	p.script(func(http.ResponseWriter, string) { entered <- struct{}{}; <-release })
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-entered; cancel() }()
	if _, err := p.functions().Token(ctx, contract.TokenRequest{}); dps.CodeOf(err) != dps.CodeUnavailable {
		t.Errorf("%v, want %s", err, dps.CodeUnavailable)
	}
}

// TestABrokenFunctionIsLeftAlone: its breaker opens, those of the others do not.
func TestABrokenFunctionIsLeftAlone(t *testing.T) {
	p := newPeer(t)
	p.script(func(w http.ResponseWriter, function string) {
		if function == "dps-token" {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, `{"result":{}}`)
	})
	f := p.functions()
	for range 20 {
		if _, err := f.Token(t.Context(), contract.TokenRequest{}); dps.CodeOf(err) != dps.CodeUnavailable {
			t.Fatalf("%v, want %s", err, dps.CodeUnavailable)
		}
	}
	if n := len(p.called()); n >= 60 {
		t.Errorf("%d calls of a broken function", n)
	}
	if _, err := f.Sign(t.Context(), contract.SignRequest{}); err != nil {
		t.Errorf("sign: %v", err)
	}
}

func results(n int, pem string) []dps.StepResult {
	all := make([]dps.StepResult, n)
	for i := range all {
		all[i] = dps.StepResult{EventID: dps.NewUUID(), RecordID: dps.NewUUID(), Owner: "1", Step: dps.StepAttestation, Attestation: &dps.AttestationDetail{CertificatePEM: pem}}
	}
	return all
}

func TestRecordsAreHandedOver(t *testing.T) {
	p := newPeer(t)
	p.script(func(w http.ResponseWriter, _ string) { w.WriteHeader(http.StatusAccepted) })
	f := p.functions()
	if _, err := f.Record(t.Context(), contract.RecordRequest{Results: results(100, "small")}); err != nil {
		t.Fatal(err)
	}
	if got := p.called(); !slices.Equal(got, []string{"dps-record Event"}) {
		t.Errorf("%v", got)
	}
}

// TestLargeBatchesAreSplit, so that no event is larger than Lambda takes, and no result is missing.
func TestLargeBatchesAreSplit(t *testing.T) {
	p := newPeer(t)
	p.script(func(w http.ResponseWriter, _ string) { w.WriteHeader(http.StatusAccepted) })
	batch := results(100, strings.Repeat("x", 20_000))
	if _, err := p.functions().Record(t.Context(), contract.RecordRequest{Results: batch}); err != nil {
		t.Fatal(err)
	}
	var came []dps.StepResult
	for _, e := range p.events {
		if len(e) > 256<<10 {
			t.Errorf("an event of %d bytes", len(e))
		}
		var envelope struct {
			Payload contract.RecordRequest `json:"payload"`
		}
		if err := json.Unmarshal(e, &envelope); err != nil {
			t.Fatal(err)
		}
		came = append(came, envelope.Payload.Results...)
	}
	if len(came) != len(batch) || came[0].EventID != batch[0].EventID || came[99].EventID != batch[99].EventID {
		t.Errorf("%d results came, want %d in their order", len(came), len(batch))
	}
}

// TestRecordsThatLambdaDoesNotTakeAreAnError, for the recorder to keep them.
func TestRecordsThatLambdaDoesNotTakeAreAnError(t *testing.T) {
	p := newPeer(t)
	p.fail(http.StatusTooManyRequests, "TooManyRequestsException")
	if _, err := p.functions().Record(t.Context(), contract.RecordRequest{Results: results(2, "")}); dps.CodeOf(err) != dps.CodeThrottled {
		t.Errorf("%v, want %s", err, dps.CodeThrottled)
	}
}
