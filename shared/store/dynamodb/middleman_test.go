//go:build aws

package dynamodb_test

import (
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"
)

// fate is what happens to a request.
type fate int

const (
	pass          fate = iota
	throttle           // DynamoDB is asked too much
	fail               // DynamoDB has an internal error
	dropBefore         // the connection closes before DynamoDB sees the request
	dropAfter          // DynamoDB has done it, and the connection closes before the answer
	holdForAWhile      // the answer does not come before the caller gives up
)

// middleMan stands between store and DynamoDB and decides on every request.
type middleMan struct {
	*httptest.Server
	decide atomic.Value // func(action string) fate
	seen   atomic.Int64
}

func newMiddleMan(t *testing.T) *middleMan {
	t.Helper()
	target, err := url.Parse(emulator(t))
	must(t, err)
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	proxy := &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	m := &middleMan{}
	m.always(pass)
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.seen.Add(1)
		decide := m.decide.Load().(func(string) fate)
		m.serve(decide(r.Header.Get("X-Amz-Target")), proxy, w, r)
	}))
	t.Cleanup(func() { m.Close(); transport.CloseIdleConnections() })
	return m
}

func (m *middleMan) serve(f fate, proxy http.Handler, w http.ResponseWriter, r *http.Request) {
	switch f {
	case pass:
		proxy.ServeHTTP(w, r)
	case throttle:
		refuse(w, http.StatusBadRequest, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException")
	case fail:
		refuse(w, http.StatusInternalServerError, "com.amazonaws.dynamodb.v20120810#InternalServerError")
	case dropAfter:
		proxy.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	case dropBefore:
		panic(http.ErrAbortHandler)
	case holdForAWhile:
		_, _ = io.Copy(io.Discard, r.Body) // else the server does not notice that the caller goes
		<-r.Context().Done()
	}
}

func refuse(w http.ResponseWriter, status int, kind string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(`{"__type":"` + kind + `","message":"as the test wants it"}`)) // the client may be gone
}

func (m *middleMan) always(f fate) { m.decide.Store(func(string) fate { return f }) }

// sometimes throttles three requests in ten, and drops or fails three more.
func (m *middleMan) sometimes() {
	m.decide.Store(func(string) fate {
		switch n := rand.IntN(10); {
		case n < 3:
			return throttle
		case n < 4:
			return fail
		case n < 5:
			return dropBefore
		case n < 6:
			return dropAfter
		}
		return pass
	})
}

// firstOf gives the first requests their fates, and lets the others pass.
func (m *middleMan) firstOf(action string, fates ...fate) {
	var n atomic.Int64
	m.decide.Store(func(a string) fate {
		if a != "DynamoDB_20120810."+action {
			return pass
		}
		if i := n.Add(1) - 1; i < int64(len(fates)) {
			return fates[i]
		}
		return pass
	})
}
