package lambda

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// aliasLive is the alias that API Gateway calls.
const aliasLive = "live"

// maxGatewayBody bounds a request's body, in bytes: in base64 it must fit into an event.
const maxGatewayBody = 4 << 20

// Gateway passes HTTP requests to the function as API Gateway's HTTP API does (payload format 2.0, the route $default,
// without an authorizer). What the function cannot answer is 502, 503 at its limit. Errors: CodeNotFound.
func (h *Harness) Gateway(name string, log *slog.Logger) (http.Handler, error) {
	f, err := h.function(name)
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := newRequestID()
		event, err := gatewayEvent(id, w, r)
		if err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		res, err := f.invoke(r.Context(), call{id: id, alias: aliasLive, payload: event}, h.o.Patience)
		if err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if res.failed {
			log.ErrorContext(r.Context(), "function failed behind the gateway", "function", name, "error", string(res.payload))
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		writeGatewayResponse(w, res.payload)
	}), nil
}

func gatewayEvent(id string, w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxGatewayBody))
	if err != nil {
		return nil, err
	}
	source, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		source = r.RemoteAddr
	}
	now := time.Now()
	e := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: "$default", RawPath: r.URL.EscapedPath(), RawQueryString: r.URL.RawQuery,
		Headers: make(map[string]string, len(r.Header)+1), Body: string(body),
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RouteKey: "$default", Stage: "$default", RequestID: id, DomainName: r.Host, APIID: "local",
			Time: now.UTC().Format("02/Jan/2006:15:04:05 -0700"), TimeEpoch: now.UnixMilli(),
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
				Method: r.Method, Path: r.URL.Path, Protocol: r.Proto, SourceIP: source, UserAgent: r.UserAgent(),
			},
		},
	}
	for name, values := range r.Header {
		if name == "Cookie" {
			e.Cookies = strings.Split(strings.Join(values, "; "), "; ")
			continue
		}
		e.Headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	e.Headers["host"] = r.Host
	if !utf8.Valid(body) {
		e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	return json.Marshal(e)
}

func writeGatewayResponse(w http.ResponseWriter, payload []byte) {
	var res events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(payload, &res); err != nil || res.StatusCode < http.StatusOK || res.StatusCode > 599 {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	body := []byte(res.Body)
	if res.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(res.Body); err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
	}
	for name, value := range res.Headers {
		w.Header().Set(name, value)
	}
	for _, cookie := range res.Cookies {
		w.Header().Add("Set-Cookie", cookie)
	}
	w.WriteHeader(res.StatusCode)
	_, _ = w.Write(body) // the client may have left
}
