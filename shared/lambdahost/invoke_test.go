package lambdahost_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/lambdahost"
	"dps/shared/telemetry/powertools"
)

const theSecret = "of the request"

// handler answers as the owner of the request says: a code, a panic, or well.
func handler(_ context.Context, req contract.TokenRequest) (contract.TokenReply, error) {
	switch name := req.Device.Owner; name {
	case "":
		return contract.TokenReply{AccessToken: "token"}, nil
	case "panics":
		panic("what came was " + req.Device.DeviceID)
	case "indexes":
		return contract.TokenReply{AccessToken: strings.Split(req.Device.DeviceID, "/")[len(name)]}, nil
	default:
		return contract.TokenReply{}, dps.Wrap(dps.Code(name), errors.New("host 10.0.0.1"), "it is "+name)
	}
}

func event(t *testing.T, owner string) []byte {
	t.Helper()
	data, err := contract.EncodeRequest(t.Context(), contract.TokenRequest{Device: contract.Device{Owner: owner, DeviceID: theSecret}})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

type line struct {
	Level, Message, Outcome, Error, Stacktrace string
	Service                                    string
	ColdStart                                  *bool  `json:"cold_start"`
	RequestID                                  string `json:"function_request_id"`
}

// invoke serves one event, and gives the one line that is logged of it.
func invoke(t *testing.T, asynchronous bool, data []byte) (reply []byte, logged *line, err error) {
	t.Helper()
	var out strings.Builder
	host := lambdahost.NewHost("token", powertools.NewLogger(&out, slog.LevelInfo, powertools.Function{Service: "token"}))
	serve := lambdahost.Synchronous(handler, host)
	if asynchronous {
		serve = lambdahost.Asynchronous(handler, host)
	}
	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "request 1"})
	reply, err = serve(ctx, data)
	if strings.Contains(out.String(), theSecret) {
		t.Errorf("the log shows the request: %s", out.String())
	}
	if out.Len() > 0 {
		logged = new(line)
		if err := json.Unmarshal([]byte(out.String()), logged); err != nil {
			t.Fatalf("log %q: %v", out.String(), err)
		}
	}
	return reply, logged, err
}

func TestSynchronousAnswersEverything(t *testing.T) {
	tests := []struct {
		name    string
		data    []byte
		code    dps.Code
		message string
		level   string
	}{
		{"well", event(t, ""), "", "", "INFO"},
		{"invalid", event(t, "invalid"), dps.CodeInvalid, "it is invalid", "INFO"},
		{"denied", event(t, "denied"), dps.CodeDenied, "it is denied", "INFO"},
		{"not found", event(t, "not_found"), dps.CodeNotFound, "it is not_found", "INFO"},
		{"conflict", event(t, "conflict"), dps.CodeConflict, "it is conflict", "INFO"},
		{"unavailable", event(t, "unavailable"), dps.CodeUnavailable, "it is unavailable", "WARN"},
		{"throttled", event(t, "throttled"), dps.CodeThrottled, "it is throttled", "WARN"},
		{"internal", event(t, "internal"), dps.CodeInternal, "internal error", "ERROR"},
		{"no JSON", []byte("x"), dps.CodeInvalid, "request is not a request envelope", "INFO"},
		{"another version", []byte(`{"version":9}`), dps.CodeInvalid, "contract version 9 is not spoken here, only 1", "INFO"},
		{"panic", event(t, "panics"), dps.CodeInternal, "internal error", "ERROR"},
		{"runtime panic", event(t, "indexes"), dps.CodeInternal, "internal error", "ERROR"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			reply, logged, err := invoke(t, false, tt.data)
			if err != nil {
				t.Fatalf("the invocation failed: %v", err)
			}
			var result contract.TokenReply
			err = contract.DecodeReply(reply, &result)
			if dps.CodeOf(err) != tt.code || err != nil && dps.AsError(err).Message != tt.message {
				t.Errorf("answered %v, want %s %q", err, tt.code, tt.message)
			}
			if strings.Contains(string(reply), "10.0.0.1") {
				t.Errorf("the reply tells of the inside: %s", reply)
			}
			checkLine(t, logged, tt.level, tt.code)
		})
	}
}

func checkLine(t *testing.T, logged *line, level string, code dps.Code) {
	t.Helper()
	outcome := string(code)
	if code == "" {
		outcome = "ok"
	}
	if logged == nil || logged.Level != level || logged.Outcome != outcome || logged.RequestID != "request 1" || (logged.Error == "") != (code == "") ||
		logged.Service != "token" || logged.ColdStart == nil || !*logged.ColdStart {
		t.Errorf("logged %+v, want level %s, outcome %s", logged, level, outcome)
	}
}

// Every error fails the invocation, so that the event comes again; what the dead-letter queue keeps gives nothing away.
func TestAsynchronousFails(t *testing.T) {
	for _, code := range dps.Codes() {
		t.Run(string(code), func(t *testing.T) {
			reply, logged, err := invoke(t, true, event(t, string(code)))
			want := messages.InvokeResponse_Error{Type: string(code), Message: "it is " + string(code)}
			if code == dps.CodeInternal {
				want.Message = "internal error"
			}
			var failure messages.InvokeResponse_Error
			if !errors.As(err, &failure) || failure.Type != want.Type || failure.Message != want.Message || reply != nil {
				t.Errorf("reply %s, error %+v; want %+v", reply, err, want)
			}
			if logged == nil || !strings.Contains(logged.Error, "10.0.0.1") {
				t.Errorf("logged %+v, want the detail", logged)
			}
		})
	}
	reply, _, err := invoke(t, true, event(t, ""))
	if err != nil || contract.DecodeReply(reply, new(contract.TokenReply)) != nil {
		t.Errorf("reply %s, error %v", reply, err)
	}
	if _, _, err := invoke(t, true, event(t, "panics")); err == nil || !strings.Contains(err.Error(), "internal error") {
		t.Errorf("a panic: %v", err)
	}
}

func TestPanicIsLoggedWithItsPlace(t *testing.T) {
	_, logged, _ := invoke(t, false, event(t, "indexes"))
	if !strings.Contains(logged.Error, "index out of range [7] with length 1") || !strings.Contains(logged.Stacktrace, "invoke_test.go") {
		t.Errorf("logged %+v", logged)
	}
	_, logged, _ = invoke(t, false, event(t, "panics"))
	if !strings.Contains(logged.Error, "panic: a value of the program's own") || !strings.Contains(logged.Stacktrace, "lambdahost_test.handler") {
		t.Errorf("logged %+v", logged)
	}
}
