package lambda

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// routes is the runtime API (AWS Lambda Developer Guide, "Using the Lambda runtime API"), and of the extensions API what a
// runtime needs to be told of its end.
func (in *instance) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", in.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", in.response)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", in.failure)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", in.initError)
	mux.HandleFunc("POST /2020-01-01/extension/register", in.register)
	mux.HandleFunc("GET /2020-01-01/extension/event/next", in.hold)
	return mux
}

// next waits for an event and gives it to the process. The first call tells that the process is ready.
func (in *instance) next(w http.ResponseWriter, r *http.Request) {
	<-in.begun
	in.becameReady.Do(func() {
		in.initTook = time.Since(in.started)
		in.initLimit.Stop()
		in.f.stats.initTook(in.initTook)
		close(in.ready)
	})
	select {
	case inv := <-in.work:
		in.mu.Lock()
		in.current = inv
		in.mu.Unlock()
		in.deliver(w, inv)
	case <-r.Context().Done():
	case <-in.dead:
	}
}

func (in *instance) deliver(w http.ResponseWriter, inv *invocation) {
	deadline := time.Now().Add(in.f.cfg.Timeout)
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Lambda-Runtime-Aws-Request-Id", inv.id)
	h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(deadline.UnixMilli(), 10))
	h.Set("Lambda-Runtime-Invoked-Function-Arn", in.f.h.o.arn(in.f.cfg.Name, inv.alias))
	h.Set("Lambda-Runtime-Trace-Id", "Root=1-00000000-000000000000000000000000;Sampled=0")
	_, _ = w.Write(inv.payload) // where the process is gone, its invocation ends with it
	if inv.fate.kill == killOnDelivery {
		_ = http.NewResponseController(w).Flush()
		in.killByFault()
	}
}

func (in *instance) response(w http.ResponseWriter, r *http.Request) {
	in.answer(w, r, func(body []byte) result { return result{payload: body} })
}

func (in *instance) failure(w http.ResponseWriter, r *http.Request) {
	in.answer(w, r, func(body []byte) result { return result{payload: body, failed: true} })
}

// answer ends the invocation that the process is at.
func (in *instance) answer(w http.ResponseWriter, r *http.Request, as func([]byte) result) {
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxPayload+1))
	if err != nil {
		return // the process is gone
	}
	inv := in.finish(r.PathValue("id"))
	switch {
	case inv == nil:
		writeRuntimeError(w, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
	case inv.fate.kill == killOnAnswer:
		in.killByFault() // the work is done, and nobody hears of it
	case len(body) > MaxPayload:
		inv.answer <- tooLarge()
		writeRuntimeError(w, http.StatusRequestEntityTooLarge, typeTooLarge, "Exceeded maximum allowed payload size (%d bytes).", MaxPayload)
	default:
		inv.answer <- as(body)
		accepted(w)
	}
}

// finish takes the invocation, so that only the first answer to it counts; nil where the id is of no current one.
func (in *instance) finish(id string) *invocation {
	in.mu.Lock()
	defer in.mu.Unlock()
	inv := in.current
	if inv == nil || inv.id != id {
		return nil
	}
	in.current = nil
	return inv
}

// initError keeps the process's own word of why it cannot start; it ends itself then.
func (in *instance) initError(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxPayload))
	if err != nil {
		return
	}
	in.mu.Lock()
	in.initErr = body
	in.mu.Unlock()
	accepted(w)
}

// register lets a runtime be an internal extension: then it is sent SIGTERM before it is killed.
func (in *instance) register(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Lambda-Extension-Identifier", in.id)
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, `{"functionName":%q,"functionVersion":"$LATEST","handler":"bootstrap"}`, in.f.cfg.Name)
}

// hold answers an extension that asks for events: it has registered for none.
func (in *instance) hold(_ http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-in.dead:
	}
}

func (in *instance) killByFault() {
	in.f.stats.add(func(s *Stats) { s.Killed++ })
	in.kill()
}

func accepted(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"status":"OK"}`)
}

func writeRuntimeError(w http.ResponseWriter, status int, kind, format string, args ...any) {
	writeJSON(w, status, functionError{Type: kind, Message: fmt.Sprintf(format, args...)})
}
