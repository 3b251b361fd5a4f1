package lambda_test

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"dps/localstack/lambda"
	"dps/shared/dps"
)

func TestRequestAndResponse(t *testing.T) {
	k := newKit(t, lambda.Options{}, puppet("echo"))
	before := time.Now()
	out := k.mustInvoke(t, "echo", act{"body": map[string]any{"a": "ü"}})
	first := decode[performance](t, out.Payload)
	if out.StatusCode != http.StatusOK || out.FunctionError != nil || aws.ToString(out.ExecutedVersion) != "$LATEST" {
		t.Fatalf("answer %+v", out)
	}
	if body, _ := first.Body.(map[string]any); body["a"] != "ü" {
		t.Errorf("body %v", first.Body)
	}
	if want := "arn:aws:lambda:eu-central-1:000000000000:function:echo"; first.ARN != want {
		t.Errorf("ARN %s, want %s", first.ARN, want)
	}
	if _, ok := dps.ParseUUID(first.RequestID); !ok {
		t.Errorf("request id %q is no UUID", first.RequestID)
	}
	if d := time.UnixMilli(first.DeadlineMs); d.Before(before.Add(29*time.Second)) || d.After(time.Now().Add(30*time.Second)) {
		t.Errorf("deadline %s is not 30 s away", d)
	}
	second := decode[performance](t, k.mustInvoke(t, "echo", nil).Payload)
	if second.PID != first.PID || second.RequestID == first.RequestID {
		t.Errorf("the second invocation ran as %+v, the first as %+v: want the same process and another request", second, first)
	}
	if s := k.stats(t, "echo"); s.Started != 1 || s.Invocations != 2 || s.FunctionErrors != 0 || len(s.InitTimes) != 1 || s.InitTimes[0] <= 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestFunctionIsFoundByItsARN(t *testing.T) {
	k := newKit(t, lambda.Options{}, puppet("echo"))
	for _, name := range []string{"arn:aws:lambda:eu-central-1:000000000000:function:echo", "000000000000:function:echo", "echo:$LATEST"} {
		if out := k.mustInvoke(t, name, nil); out.FunctionError != nil {
			t.Errorf("%s: %s", name, out.Payload)
		}
	}
}

func TestFunctionErrors(t *testing.T) {
	k := newKit(t, lambda.Options{}, puppet("puppet"))
	tests := []struct {
		name          string
		act           act
		kind, message string
	}{
		{"it fails", act{"fail": "out of luck"}, "errorString", "out of luck"},
		{"it exits", act{"exit": 7}, "Runtime.ExitError", "Runtime exited with error: exit status 7"},
		{"it answers too much", act{"size": lambda.MaxPayload + 1}, "Function.ResponseSizeTooLarge", "exceeded maximum allowed payload size"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantFunctionError(t, k.mustInvoke(t, "puppet", tt.act), tt.kind, tt.message)
			if out := k.mustInvoke(t, "puppet", nil); out.FunctionError != nil {
				t.Errorf("the next invocation: %s", out.Payload)
			}
		})
	}
	if s := k.stats(t, "puppet"); s.FunctionErrors != len(tests) {
		t.Errorf("stats %+v", s)
	}
}

func TestTimeoutIsEnforced(t *testing.T) {
	b := newBarrier(t)
	k := newKit(t, lambda.Options{}, lambda.Function{Name: "slow", Timeout: 300 * time.Millisecond})
	out := k.mustInvoke(t, "slow", act{"wait": b.url})
	wantFunctionError(t, out, "Sandbox.Timedout", "Error: Task timed out after 0.30 seconds")
	if out := k.mustInvoke(t, "slow", nil); out.FunctionError != nil {
		t.Errorf("the next invocation: %s", out.Payload)
	}
	if s := k.stats(t, "slow"); s.Started != 2 {
		t.Errorf("%d instances started, want another after the timeout", s.Started)
	}
}

func TestFunctionThatDoesNotStart(t *testing.T) {
	p := puppet("broken")
	p.Env = map[string]string{"PUPPET_START": "exit"}
	k := newKit(t, lambda.Options{}, p)
	wantFunctionError(t, k.mustInvoke(t, "broken", nil), "Runtime.ExitError", "exit status 3")
	if _, err := k.Provision(t.Context(), "broken"); dps.CodeOf(err) != dps.CodeUnavailable || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("provision: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	k := newKit(t, lambda.Options{}, puppet("puppet"))
	invoke := func(in sdk.InvokeInput) error {
		if in.FunctionName == nil {
			in.FunctionName = aws.String("puppet")
		}
		_, err := k.client.Invoke(t.Context(), &in)
		return err
	}
	large := append(append([]byte{'"'}, bytes.Repeat([]byte("x"), lambda.MaxEventPayload)...), '"')
	huge := append(append([]byte{'"'}, bytes.Repeat([]byte("x"), lambda.MaxPayload)...), '"')
	wantAPIError[*types.ResourceNotFoundException](t, invoke(sdk.InvokeInput{FunctionName: aws.String("nobody")}))
	wantAPIError[*types.InvalidRequestContentException](t, invoke(sdk.InvokeInput{Payload: []byte("{")}))
	wantAPIError[*types.RequestTooLargeException](t, invoke(sdk.InvokeInput{Payload: huge}))
	wantAPIError[*types.RequestTooLargeException](t, invoke(sdk.InvokeInput{Payload: large, InvocationType: types.InvocationTypeEvent}))
	wantAPIError[*types.InvalidParameterValueException](t, invoke(sdk.InvokeInput{InvocationType: "Maybe"}))
	if err := invoke(sdk.InvokeInput{InvocationType: types.InvocationTypeDryRun}); err != nil {
		t.Errorf("dry run: %v", err)
	}
	if s := k.stats(t, "puppet"); s.Started != 0 {
		t.Errorf("stats %+v: nothing should have run", s)
	}
	_, err := k.client.ListFunctions(t.Context(), &sdk.ListFunctionsInput{})
	wantAPIError[*types.ServiceException](t, err)
	if !strings.Contains(err.Error(), "serves Invoke alone") {
		t.Errorf("error %v does not name the limit", err)
	}
}

func TestConcurrencyLimit(t *testing.T) {
	b := newBarrier(t)
	one := puppet("one")
	one.Concurrency = 1
	k := newKit(t, lambda.Options{}, one)
	ended := make(chan error, 1)
	go func() { _, err := k.invoke(t.Context(), "one", act{"wait": b.url}); ended <- err }()
	<-b.arrived
	_, err := k.invoke(t.Context(), "one", nil)
	wantAPIError[*types.TooManyRequestsException](t, err)
	close(b.open)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if s := k.stats(t, "one"); s.Throttles != 1 || s.Started != 1 {
		t.Errorf("stats %+v", s)
	}
}

func TestPatienceWaitsAtTheLimit(t *testing.T) {
	b := newBarrier(t)
	one := puppet("one")
	one.Concurrency = 1
	k := newKit(t, lambda.Options{Patience: time.Minute}, one)
	ended := make(chan error, 2)
	for range 2 {
		go func() { _, err := k.invoke(t.Context(), "one", act{"wait": b.url}); ended <- err }()
	}
	<-b.arrived
	close(b.open)
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if s := k.stats(t, "one"); s.Throttles != 0 || s.Started != 1 || s.Invocations != 2 {
		t.Errorf("stats %+v", s)
	}
}

func TestInstancesStartOnDemandAndAreKept(t *testing.T) {
	const many = 4
	b := newBarrier(t)
	k := newKit(t, lambda.Options{}, puppet("puppet"))
	pids := make(chan int, many)
	for range many {
		go func() {
			out, err := k.invoke(t.Context(), "puppet", act{"wait": b.url})
			if err != nil {
				t.Error(err)
				pids <- 0
				return
			}
			pids <- decode[performance](t, out.Payload).PID
		}()
	}
	for range many {
		<-b.arrived // all at once: none is done
	}
	close(b.open)
	var seen []int
	for range many {
		if pid := <-pids; !slices.Contains(seen, pid) {
			seen = append(seen, pid)
		}
	}
	for range 2 * many {
		if pid := decode[performance](t, k.mustInvoke(t, "puppet", nil).Payload).PID; !slices.Contains(seen, pid) {
			t.Errorf("process %d is new", pid)
		}
	}
	if s := k.stats(t, "puppet"); len(seen) != many || s.Started != many {
		t.Errorf("processes %v, stats %+v", seen, s)
	}
}

func TestOnlyTheGivenEnvironment(t *testing.T) {
	t.Setenv("PUPPET_SECRET", "of the harness")
	p := puppet("puppet")
	p.Env = map[string]string{"DPS_TABLE": "table", "AWS_LAMBDA_FUNCTION_NAME": "an impostor"}
	k := newKit(t, lambda.Options{}, p)
	for _, v := range decode[[]string](t, k.mustInvoke(t, "puppet", act{"env": true}).Payload) {
		name, value, _ := strings.Cut(v, "=")
		switch {
		case name == "DPS_TABLE" && value == "table", name == "AWS_LAMBDA_FUNCTION_NAME" && value == "puppet":
		case strings.HasPrefix(name, "AWS_LAMBDA_") && name != "AWS_LAMBDA_FUNCTION_NAME":
		case name == "_X_AMZN_TRACE_ID": // set by the runtime library
		default:
			t.Errorf("the function sees %s", v)
		}
	}
}

func TestFunctionThatInvokesFindsTheHarness(t *testing.T) {
	p := puppet("puppet")
	p.Invokes = true
	k := newKit(t, lambda.Options{}, p)
	env := decode[[]string](t, k.mustInvoke(t, "puppet", act{"env": true}).Payload)
	if !slices.Contains(env, "AWS_ENDPOINT_URL_LAMBDA="+k.URL()) {
		t.Errorf("environment %v", env)
	}
}

func TestProvisionedInstanceIsUsed(t *testing.T) {
	k := newKit(t, lambda.Options{}, puppet("puppet"))
	took, err := k.Provision(t.Context(), "puppet")
	if err != nil || took <= 0 {
		t.Fatalf("provision: %s, %v", took, err)
	}
	k.mustInvoke(t, "puppet", nil)
	if s := k.stats(t, "puppet"); s.Started != 1 || len(s.InitTimes) != 1 || s.InitTimes[0] != took {
		t.Errorf("stats %+v", s)
	}
	if _, err := k.Provision(t.Context(), "nobody"); dps.CodeOf(err) != dps.CodeNotFound {
		t.Errorf("provision of nobody: %v", err)
	}
}

func TestKilledInstanceIsReplaced(t *testing.T) {
	k := newKit(t, lambda.Options{}, puppet("puppet"))
	first := decode[performance](t, k.mustInvoke(t, "puppet", nil).Payload)
	if err := k.KillInstances("puppet"); err != nil {
		t.Fatal(err)
	}
	out := k.mustInvoke(t, "puppet", nil)
	if out.FunctionError != nil { // killed while the event was on its way to it
		out = k.mustInvoke(t, "puppet", nil)
	}
	if second := decode[performance](t, out.Payload); second.PID == first.PID {
		t.Errorf("process %d answers from the dead", second.PID)
	}
}

func TestCloseEndsTheProcesses(t *testing.T) {
	var output log
	h, err := lambda.New(t.Context(), lambda.Options{Output: &output, Functions: []lambda.Function{{Name: "puppet", Binary: built.get(t, "puppet")}}})
	if err != nil {
		t.Fatal(err)
	}
	k := &kit{Harness: h}
	if _, err := k.Provision(t.Context(), "puppet"); err != nil {
		t.Fatal(err)
	}
	pid := k.pid(t)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
		t.Errorf("process %d after Close: %v, want none", pid, err)
	}
	if !strings.Contains(output.String(), "puppet: SIGTERM\n") {
		t.Errorf("the function was not told of its end; it said %q", output.String())
	}
}

// pid asks the function by HTTP, without the SDK.
func (k *kit) pid(t *testing.T) int {
	t.Helper()
	resp, err := http.Post(k.URL()+"/2015-03-31/functions/puppet/invocations", "application/json", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer func() { _ = resp.Body.Close() }()
	var body bytes.Buffer
	if _, err := body.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	return decode[performance](t, body.Bytes()).PID
}

func TestNewRefuses(t *testing.T) {
	good := lambda.Function{Name: "good", Binary: built.get(t, "puppet")}
	tests := map[string]struct {
		functions []lambda.Function
		want      string
	}{
		"a name that is none": {[]lambda.Function{{Name: "a b", Binary: good.Binary}}, `function "a b"`},
		"no binary":           {[]lambda.Function{{Name: "x", Binary: "/nowhere"}}, "make build"},
		"negative bounds":     {[]lambda.Function{{Name: "x", Binary: good.Binary, Concurrency: -1}}, "function x: "},
		"a name twice":        {[]lambda.Function{good, good}, "function good is there twice"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := lambda.New(t.Context(), lambda.Options{Functions: tt.functions})
			if dps.CodeOf(err) != dps.CodeInvalid || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want invalid with %q", err, tt.want)
			}
		})
	}
}
