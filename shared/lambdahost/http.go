package lambdahost

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"dps/shared/dps"
)

// HTTP serves invocations by API Gateway's HTTP API (payload format 2.0), each by the handler. An event that is none fails
// the invocation; a panic of the handler is answered with 500 and no more.
func HTTP(handler http.Handler, host *Host) Invoke {
	return func(ctx context.Context, event []byte) ([]byte, error) {
		ctx, i := host.begin(ctx)
		req, err := requestOf(ctx, event)
		if err != nil {
			i.end(ctx, err)
			return nil, failure(err)
		}
		w := newResponse()
		err = serve(handler, w, req)
		if err != nil {
			w = newResponse()
			w.WriteHeader(http.StatusInternalServerError)
		}
		i.end(ctx, err, slog.String("method", req.Method), slog.String("path", req.URL.Path), slog.Int("status", max(w.status, http.StatusOK)))
		return json.Marshal(w.event())
	}
}

// requestOf is the request that an event carries. Errors: CodeInvalid.
func requestOf(ctx context.Context, event []byte) (*http.Request, error) {
	var e events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(event, &e); err != nil {
		return nil, dps.Errorf(dps.CodeInvalid, "event is no request of API Gateway's payload format 2.0")
	}
	return request(ctx, e)
}

// serve runs the handler. Errors: CodeInternal where it panics; http.ErrAbortHandler is no defect, and answers 500 as well.
func serve(handler http.Handler, w http.ResponseWriter, req *http.Request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = asPanicked(p)
		}
	}()
	handler.ServeHTTP(w, req)
	return nil
}

// request is the event as net/http knows requests. Errors: CodeInvalid.
func request(ctx context.Context, e events.APIGatewayV2HTTPRequest) (*http.Request, error) {
	method := e.RequestContext.HTTP.Method
	if e.Version != "2.0" || method == "" {
		return nil, dps.Errorf(dps.CodeInvalid, "event is of version %s, want API Gateway's payload format 2.0", quote(e.Version))
	}
	body, err := bodyOf(e)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, "/", strings.NewReader(body))
	if err != nil {
		return nil, dps.Wrap(dps.CodeInvalid, err, "event's method cannot be a request's")
	}
	req.URL = target(e)
	for name, value := range e.Headers { // the gateway joins values of one name by a comma
		req.Header.Set(name, value)
	}
	if len(e.Cookies) > 0 {
		req.Header.Set("Cookie", strings.Join(e.Cookies, "; "))
	}
	req.Host = e.RequestContext.DomainName
	req.RequestURI = req.URL.RequestURI()
	req.RemoteAddr = net.JoinHostPort(e.RequestContext.HTTP.SourceIP, "0") // the gateway does not tell the port
	return req, nil
}

// target is the path as it was sent, with its escapes where the gateway has kept them.
func target(e events.APIGatewayV2HTTPRequest) *url.URL {
	u, err := url.ParseRequestURI(e.RawPath)
	if err != nil || u.Host != "" || u.Opaque != "" {
		u = &url.URL{Path: "/" + strings.TrimLeft(e.RawPath, "/")}
	}
	u.RawQuery = e.RawQueryString
	return u
}

func bodyOf(e events.APIGatewayV2HTTPRequest) (string, error) {
	if !e.IsBase64Encoded {
		return e.Body, nil
	}
	body, err := base64.StdEncoding.DecodeString(e.Body)
	if err != nil {
		return "", dps.Wrap(dps.CodeInvalid, errors.New("not base64"), "event's body cannot be decoded")
	}
	return string(body), nil
}
