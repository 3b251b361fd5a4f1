package lambda

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"dps/shared/dps"
)

// routes is the REST API: Invoke, and a clear answer to everything else.
func (h *Harness) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /2015-03-31/functions/{name}/invocations", h.serveInvoke)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeAPIError(w, http.StatusNotImplemented, "ServiceException", "this harness serves Invoke alone, not "+r.Method+" "+r.URL.Path)
	})
	return mux
}

// serveInvoke is Invoke (AWS Lambda API Reference).
func (h *Harness) serveInvoke(w http.ResponseWriter, r *http.Request) {
	id := newRequestID()
	w.Header().Set("X-Amzn-Requestid", id)
	name, alias := plainName(r.PathValue("name"))
	if qualifier := r.URL.Query().Get("Qualifier"); qualifier != "" {
		alias = qualifier
	}
	f := h.functions[name]
	if f == nil {
		writeAPIError(w, http.StatusNotFound, "ResourceNotFoundException", "Function not found: "+h.o.arn(name, alias))
		return
	}
	payload, ok := readPayload(w, r)
	if !ok {
		return
	}
	switch kind := r.Header.Get("X-Amz-Invocation-Type"); kind {
	case "", "RequestResponse":
		h.serveSynchronous(w, r, f, call{id, alias, payload})
	case "Event":
		h.serveEvent(w, f, call{id, alias, payload})
	case "DryRun":
		w.WriteHeader(http.StatusNoContent)
	default:
		writeAPIError(w, http.StatusBadRequest, "InvalidParameterValueException", "no invocation type is called "+kind)
	}
}

func (h *Harness) serveSynchronous(w http.ResponseWriter, r *http.Request, f *function, c call) {
	if f.dice.throttled() {
		writeThrottled(w, f.throttled())
		return
	}
	// The invocation goes on when its caller leaves, as on Lambda; waiting for an instance does not.
	res, err := f.invoke(r.Context(), c, h.o.Patience)
	if err != nil {
		writeFailure(w, err)
		return
	}
	w.Header().Set("X-Amz-Executed-Version", "$LATEST")
	if res.failed {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(res.payload) // the caller may have left
}

func (h *Harness) serveEvent(w http.ResponseWriter, f *function, c call) {
	if f.dice.throttled() {
		writeThrottled(w, f.throttled())
		return
	}
	if err := h.enqueue(f, c); err != nil {
		writeFailure(w, err)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// readPayload reads the event and holds it to Lambda's bounds; ok is false where it has answered already.
func readPayload(w http.ResponseWriter, r *http.Request) (payload []byte, ok bool) {
	limit := MaxPayload
	if r.Header.Get("X-Amz-Invocation-Type") == "Event" {
		limit = MaxEventPayload
	}
	payload, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(limit)))
	if tooBig := (*http.MaxBytesError)(nil); errors.As(err, &tooBig) {
		writeAPIError(w, http.StatusRequestEntityTooLarge, "RequestTooLargeException", "the event is larger than Lambda takes for this kind of invocation")
		return nil, false
	}
	switch {
	case err != nil:
		return nil, false // the caller has left
	case len(payload) == 0:
		return []byte("{}"), true
	case !json.Valid(payload):
		writeAPIError(w, http.StatusBadRequest, "InvalidRequestContentException", "Could not parse request body into json")
		return nil, false
	}
	return payload, true
}

// plainName takes the name out of an ARN, whole or partial, and the alias or version behind it.
func plainName(name string) (plain, alias string) {
	if _, after, ok := strings.Cut(name, ":function:"); ok {
		name = after
	}
	plain, alias, _ = strings.Cut(name, ":")
	return plain, alias
}

func writeFailure(w http.ResponseWriter, err error) {
	if dps.CodeOf(err) == dps.CodeThrottled {
		writeThrottled(w, err)
		return
	}
	writeAPIError(w, http.StatusInternalServerError, "ServiceException", err.Error())
}

func writeThrottled(w http.ResponseWriter, err error) {
	w.Header().Set("X-Amzn-Errortype", "TooManyRequestsException")
	writeJSON(w, http.StatusTooManyRequests, struct {
		Reason, Type string
		Message      string `json:"message"`
	}{"ReservedFunctionConcurrentInvocationLimitExceeded", "User", "Rate Exceeded: " + err.Error()})
}

func writeAPIError(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("X-Amzn-Errortype", kind)
	writeJSON(w, status, struct{ Type, Message string }{"User", message})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the peer may have left
}
