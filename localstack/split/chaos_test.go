//go:build aws

package split_test

import (
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dps/localstack/lambda"
	"dps/localstack/split"
	"dps/localstack/stack"
)

// throttling stands in front of DynamoDB and refuses a share of what comes, as an overloaded table does.
type throttling struct {
	*httptest.Server
	refused atomic.Int64

	mu    sync.Mutex
	share float64
	dice  *rand.Rand
}

func newThrottling(t *testing.T, share float64) *throttling {
	t.Helper()
	target, err := url.Parse(os.Getenv("AWS_ENDPOINT_URL_DYNAMODB"))
	must(t, err)
	transport := &http.Transport{MaxIdleConnsPerHost: 256}
	proxy := &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	th := &throttling{dice: rand.New(rand.NewPCG(1, 2)), share: share}
	th.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !th.hits() {
			proxy.ServeHTTP(w, r)
			return
		}
		th.refused.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down"}`)
	}))
	t.Cleanup(func() { th.Close(); transport.CloseIdleConnections() })
	return th
}

func (th *throttling) hits() bool {
	th.mu.Lock()
	defer th.mu.Unlock()
	return th.dice.Float64() < th.share
}

// TestEveryDeviceGetsThrough while functions are killed, throttled and slow, the table refuses a share of its requests, and
// the pre-shared key is rotated under way: each ends provisioned, no certificate is without its audit entry, no record lost.
func TestEveryDeviceGetsThrough(t *testing.T) {
	table := newThrottling(t, 0)
	t.Setenv("AWS_ENDPOINT_URL_DYNAMODB", table.URL)
	s := start(t, func(o *split.Options) { o.Lambda.Output = io.Discard })
	table.mu.Lock()
	table.share = 0.1
	table.mu.Unlock()
	for _, name := range []string{"enroll", "token", "sign"} {
		must(t, s.Lambda.SetFaults(s.Name+"-"+name, lambda.Faults{Throttle: 0.1, Kill: 0.02, Slow: 0.05, SlowBy: 500 * time.Millisecond}))
	}
	must(t, s.Lambda.SetFaults(s.Name+"-record", lambda.Faults{Throttle: 0.1, Kill: 0.1, Twice: 0.3, Slow: 0.1, SlowBy: 500 * time.Millisecond}))
	rotated := make(chan error, 1)
	go func() {
		time.Sleep(2 * time.Second) // somewhere in the middle
		_, err := s.Secrets.PutSecret(t.Context(), "psk/"+stack.GroupID, []byte("ROTATED-89012345"))
		rotated <- err
	}()
	n := devices(t, 100)
	summary, made := fleet(t, s, n, 20, false)
	must(t, <-rotated)
	for _, name := range []string{"enroll", "token", "sign", "record"} {
		t.Logf("%-6s %+v", name, withoutTimes(stats(t, s, name)))
		must(t, s.Lambda.SetFaults(s.Name+"-"+name, lambda.Faults{}))
	}
	settle(t, s)
	checkStories(t, s, made)
	if letters := s.Lambda.DeadLetters(); len(letters) > 0 {
		t.Errorf("%d batches of records were given up: %+v", len(letters), letters[0])
	}
	t.Logf("%d requests to the table were refused; devices repeated %d steps and began %d times anew", table.refused.Load(), summary.Retries, summary.Restarts)
}

func withoutTimes(s lambda.Stats) lambda.Stats {
	s.InitTimes = nil
	return s
}
