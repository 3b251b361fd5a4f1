package enroll

import (
	"context"
	"net/http"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"dps/shared/dps"
	"dps/shared/flight"
)

// Bounds on fetching.
const (
	fetchTimeout  = 3 * time.Second
	maxURLs       = 64               // lists kept, up to MaxCRLSize each
	shortestUse   = time.Minute      // before a list is fetched again, even if its successor is due
	longestUse    = 24 * time.Hour   // even if its successor is not
	failureUse    = 10 * time.Second // before a server that failed is asked again
	maxRedirects  = 3
	maxHeaderSize = 64 << 10
)

// Fetcher gets revocation lists over HTTP and keeps them while they are current. It is safe for concurrent use.
type Fetcher struct {
	client  *http.Client
	now     func() time.Time
	lists   *lru.Cache[string, fetched] // by URL
	flights *flight.Group[fetched]
}

// fetched is what is known of a URL: the last good list, if any, and what its last fetch ended with.
type fetched struct {
	der        []byte
	nextUpdate time.Time // zero: it names none
	err        error     // of the last fetch
	until      time.Time // it is not fetched again before
}

// FetcherOptions may be left zero.
type FetcherOptions struct {
	Now func() time.Time // nil: time.Now
}

// NewFetcher makes a fetcher. The last of opts counts.
func NewFetcher(opts ...FetcherOptions) *Fetcher {
	var o FetcherOptions
	for _, last := range opts {
		o = last
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	lists, _ := lru.New[string, fetched](maxURLs) // only a size below 1 is an error
	return &Fetcher{client: newHTTPClient(), now: o.Now, lists: lists, flights: flight.New[fetched](fetchTimeout)}
}

// CRL implements CRLs: the list is fetched again when its successor is due, at least once a day; while that fails, the old
// one serves as long as it is current. Errors: CodeUnavailable.
func (f *Fetcher) CRL(ctx context.Context, url string) ([]byte, error) {
	list, ok := f.lists.Get(url)
	if !ok || !f.now().Before(list.until) {
		var err error
		list, err = f.flights.Do(ctx, url, func(ctx context.Context) (fetched, error) { return f.refresh(ctx, url), nil })
		if err != nil {
			return nil, err
		}
	}
	if list.isCurrent(f.now()) {
		return list.der, nil
	}
	if list.err != nil {
		return nil, list.err
	}
	return nil, dps.Errorf(dps.CodeUnavailable, "revocation list is out of date: its successor was due at %s", list.nextUpdate.UTC().Format(time.RFC3339))
}

// Close ends fetches under way. Connections are not kept between them.
func (f *Fetcher) Close() { f.flights.Close() }

// refresh fetches the list and remembers it, or the failure beside the last good one.
func (f *Fetcher) refresh(ctx context.Context, url string) fetched {
	list, _ := f.lists.Peek(url)
	der, nextUpdate, err := f.fetch(ctx, url)
	now := f.now()
	if err != nil {
		list.err, list.until = err, now.Add(failureUse)
	} else {
		list = fetched{der: der, nextUpdate: nextUpdate, until: useUntil(nextUpdate, now)}
	}
	f.lists.Add(url, list)
	return list
}

func (l fetched) isCurrent(now time.Time) bool {
	return l.der != nil && (l.nextUpdate.IsZero() || !now.After(l.nextUpdate))
}

func useUntil(nextUpdate, now time.Time) time.Time {
	if nextUpdate.IsZero() {
		return now.Add(longestUse)
	}
	return now.Add(min(max(nextUpdate.Sub(now), shortestUse), longestUse))
}
