package lambda_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"dps/localstack/lambda"
	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/telemetry"
)

// nowhere is an environment in which functions start, and reach nothing.
func nowhere() map[string]string {
	return map[string]string{
		"DPS_TABLE": "dps", "DPS_SECRETS_PREFIX": "dps", "DPS_TOKEN_FUNCTION": "token",
		"DPS_SIGN_FUNCTION": "sign", "DPS_API_AUTHORITY": "https://auth.example.com", "DPS_API_AUDIENCE": "api",
		"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
		"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1",
	}
}

func function(t *testing.T, name string, env map[string]string) lambda.Function {
	t.Helper()
	return lambda.Function{Name: name, Binary: built.get(t, name), Env: env, Timeout: 30 * time.Second}
}

// call sends a request in its envelope and takes the result out of the reply's.
func call[Rep any](t *testing.T, k *kit, name string, req any) (rep Rep, err error) {
	t.Helper()
	data, err := contract.EncodeRequest(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	out := k.mustInvoke(t, name, decode[act](t, data))
	if out.FunctionError != nil {
		t.Fatalf("%s failed: %s", name, out.Payload)
	}
	return rep, contract.DecodeReply(out.Payload, &rep)
}

// What is missing is told at once, to who invokes and in the log, before anything is called.
func TestFunctionsWithoutSettings(t *testing.T) {
	needs := map[string][]string{
		"enroll": {"DPS_TABLE", "AWS_REGION"},
		"token":  {"DPS_TABLE", "DPS_SECRETS_PREFIX", "AWS_REGION"},
		"sign":   {"DPS_TABLE", "DPS_SECRETS_PREFIX", "DPS_TOKEN_FUNCTION", "AWS_REGION"},
		"record": {"DPS_TABLE", "AWS_REGION"},
		"api":    {"DPS_TABLE", "DPS_SECRETS_PREFIX", "DPS_SIGN_FUNCTION", "DPS_API_AUTHORITY", "DPS_API_AUDIENCE", "AWS_REGION"},
	}
	for _, name := range lambda.Names() {
		t.Run(name, func(t *testing.T) {
			var output log
			f := function(t, name, map[string]string{"DPS_LOG_LEVEL": "loud", "AWS_EC2_METADATA_DISABLED": "true"})
			out := newKitOf(t, lambda.Options{Output: &output}, f).mustInvoke(t, name, nil)
			for _, variable := range append(needs[name], `DPS_LOG_LEVEL is "loud"`) {
				wantFunctionError(t, out, "Runtime.SettingsInvalid", variable)
			}
			line := struct {
				Level, Message, Error string
				Function              string `json:"function_name"`
			}{}
			if err := json.Unmarshal([]byte(output.String()), &line); err != nil || line.Level != "ERROR" ||
				line.Function != name || !strings.Contains(line.Error, "DPS_TABLE is not set") {
				t.Errorf("log %q: %v", output.String(), err)
			}
		})
	}
}

// The platform's SIGTERM lets each function give back what it holds, and end by itself.
func TestFunctionsEndWhenTold(t *testing.T) {
	var output log
	env := nowhere()
	env["DPS_LOG_LEVEL"] = "debug"
	var functions []lambda.Function
	for _, name := range lambda.Names() {
		functions = append(functions, function(t, name, env))
	}
	h, err := lambda.New(t.Context(), lambda.Options{Functions: functions, Output: &output})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range lambda.Names() {
		if _, err := h.Provision(t.Context(), name); err != nil {
			t.Error(err)
		}
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range lambda.Names() {
		ended := slices.ContainsFunc(strings.Split(output.String(), "\n"), func(line string) bool {
			return strings.Contains(line, `"message":"function ends"`) && strings.Contains(line, `"function_name":"`+name+`"`)
		})
		if !ended {
			t.Errorf("%s does not say that it ends:\n%s", name, output.String())
		}
	}
	if strings.Contains(output.String(), "not close cleanly") {
		t.Error(output.String())
	}
}

// A request at fault is answered, not failed, and needs nothing of what the function reaches.
func TestFunctionsAnswerBadRequests(t *testing.T) {
	k := newKitOf(t, lambda.Options{}, function(t, "enroll", nowhere()), function(t, "token", nowhere()), function(t, "sign", nowhere()))
	_, err := call[contract.EnrollReply](t, k, "enroll", contract.EnrollRequest{Issuers: []contract.Issuer{{NameHash: "x"}}})
	wantError(t, err, dps.CodeInvalid, "issuers[0].nameHash")
	_, err = call[contract.TokenReply](t, k, "token", contract.TokenRequest{})
	wantError(t, err, dps.CodeInvalid, "device.groupId")
	_, err = call[contract.TokenReply](t, k, "token:owner", contract.OwnerTokenRequest{})
	wantError(t, err, dps.CodeInvalid, "hubId")
	_, err = call[contract.TokenReply](t, k, "token", contract.OwnerTokenRequest{HubID: "hub", Owner: "owner"}) // by no alias: a device's
	wantError(t, err, dps.CodeInvalid, "device.groupId")
	_, err = call[contract.OwnerSignReply](t, k, "sign:owner", contract.OwnerSignRequest{HubID: "hub", Owner: "owner", CSR: "x"})
	wantError(t, err, dps.CodeInvalid, "csr")
	_, err = call[contract.HubCheckReply](t, k, "sign:check", contract.HubCheckRequest{})
	wantError(t, err, dps.CodeInvalid, "hubId")
	_, err = call[contract.SignReply](t, k, "sign", contract.SignRequest{Device: contract.Device{DeviceID: dps.NewUUID()}, CSR: "x"})
	wantError(t, err, dps.CodeInvalid, "csr")
	for _, name := range []string{"enroll", "token", "sign"} {
		err := contract.DecodeReply(k.mustInvoke(t, name, act{"version": 2}).Payload, nil)
		wantError(t, err, dps.CodeInvalid, "contract version 2 is not spoken here")
	}
}

// What a function cannot reach is unavailable to its caller; where and why stands in its log alone.
func TestFunctionsWithoutTheirStore(t *testing.T) {
	var output log
	enroll := function(t, "enroll", nowhere())
	enroll.Timeout = time.Second // the store tries until then
	k := newKitOf(t, lambda.Options{Output: &output}, enroll)
	_, err := call[contract.EnrollReply](t, k, "enroll", contract.EnrollRequest{})
	if code := dps.CodeOf(err); code != dps.CodeUnavailable {
		t.Errorf("error %v, want unavailable", err)
	}
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(output.String(), `"function_request_id"`) && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond) // the pipe of a process has its own pace
	}
	if strings.Contains(err.Error(), "127.0.0.1") || !strings.Contains(output.String(), "127.0.0.1:1") || !strings.Contains(output.String(), `"function_request_id"`) {
		t.Errorf("error %v, log %s: want the address in the log alone", err, output.String())
	}
}

// Nobody waits for what record says: each error fails the invocation, and the events are kept.
func TestRecordFailsItsInvocation(t *testing.T) {
	record := function(t, "record", nowhere())
	record.Timeout = time.Second // the store tries until then
	k := newKitOf(t, lambda.Options{}, record)
	good := dps.StepResult{
		EventID: "1", Time: dps.StepResult{}.Time.AddDate(2026, 0, 0), RecordID: dps.NewUUID(), GroupID: dps.NewUUID(), Owner: "owner", Step: dps.StepTime,
	}
	bad := good
	bad.RecordID = "x"
	for _, r := range []dps.StepResult{good, bad} {
		data, err := contract.EncodeRequest(t.Context(), contract.RecordRequest{Results: []dps.StepResult{r}})
		if err != nil {
			t.Fatal(err)
		}
		k.send(t, "record", decode[act](t, data))
	}
	k.drain(t)
	kinds := make(map[string]string)
	for _, letter := range k.DeadLetters() {
		e := decode[functionError](t, letter.Error)
		kinds[e.ErrorType] = e.ErrorMessage
		if letter.Attempts != 3 || !bytes.Contains(letter.Payload, []byte(good.GroupID)) {
			t.Errorf("dead letter %+v", letter)
		}
	}
	if len(kinds) != 2 || kinds["unavailable"] == "" || !strings.Contains(kinds["invalid"], "results[0].recordId") || strings.Contains(kinds["unavailable"], "127.0.0.1") {
		t.Errorf("dead letters for %v", kinds)
	}
}

func TestAPIBehindTheGateway(t *testing.T) {
	k := newKitOf(t, lambda.Options{}, function(t, "api", nowhere()))
	gateway, err := k.Gateway("api", telemetry.Discard())
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		status int
		body   string
	}{
		"/healthz":   {http.StatusOK, `{"status":"up"}`},
		"/readyz":    {http.StatusServiceUnavailable, `"detail":"not ready`},
		"/api/where": {http.StatusNotFound, `"code":5`},
		"/any/where": {http.StatusNotFound, `nothing is served`},
		"/":          {http.StatusOK, `<!doctype html>`},
	}
	for _, path := range []string{"/healthz", "/readyz", "/api/where", "/any/where", "/"} {
		w := httptest.NewRecorder()
		gateway.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, http.NoBody))
		if tt := tests[path]; w.Code != tt.status || !strings.Contains(w.Body.String(), tt.body) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

// The gateway tells apart what failed behind it.
func TestGatewayFailures(t *testing.T) {
	p := puppet("puppet")
	p.Concurrency = 1
	k := newKit(t, lambda.Options{}, p)
	gateway, err := k.Gateway("puppet", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ask := func(body io.Reader) int {
		w := httptest.NewRecorder()
		gateway.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", body))
		return w.Code
	}
	if code := ask(http.NoBody); code != http.StatusBadGateway { // the puppet's answer is no response
		t.Errorf("no response: %d", code)
	}
	if code := ask(bytes.NewReader(make([]byte, 5<<20))); code != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: %d", code)
	}
	b := newBarrier(t)
	ended := make(chan error, 1)
	go func() { _, err := k.invoke(t.Context(), "puppet", act{"wait": b.url}); ended <- err }()
	<-b.arrived
	if code := ask(http.NoBody); code != http.StatusServiceUnavailable {
		t.Errorf("at the limit: %d", code)
	}
	close(b.open)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := k.Gateway("nobody", slog.New(slog.DiscardHandler)); dps.CodeOf(err) != dps.CodeNotFound {
		t.Errorf("gateway to nobody: %v", err)
	}
}

func wantError(t *testing.T, err error, code dps.Code, message string) {
	t.Helper()
	if dps.CodeOf(err) != code || !strings.Contains(dps.AsError(err).Message, message) {
		t.Errorf("error %v, want %s with %q", err, code, message)
	}
}
