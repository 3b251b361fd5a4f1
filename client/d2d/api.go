package d2d

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"dps/client/d2d/member"
	"dps/client/d2d/settings"
	"dps/shared/bearer"
)

// maxDiscoveries bounds the discoveries that go on at once: each shouts on every network.
const maxDiscoveries = 4

// Verifier tells who sends a request. *bearer.Verifier is one.
type Verifier interface {
	// Verify takes the value of an Authorization header. Errors: CodeDenied, CodeUnavailable.
	Verify(ctx context.Context, header string) (bearer.Caller, error)
}

// Options of the API. Member, Reacher and Config are needed.
type Options struct {
	Member  *member.Member
	Reacher Reacher
	Config  settings.Config
	// Verifier checks every request's token, whatever the way of initialization; nil: apis.http.authorization is not set.
	Verifier Verifier
	// Roots are the security domain's root certificates, PEM, as the configuration tells pages.
	Roots string
	// Pages serves what is not the API: the web page. nil: nothing.
	Pages http.Handler

	Version string
	Now     func() time.Time // nil: time.Now
	Log     *slog.Logger     // nil: nowhere
}

// api is the handler. It starts nothing that would have to be closed.
type api struct {
	Options
	discoveries chan struct{}
	listed      listed
	hosts       map[string]bool
	origins     map[string]bool
}

// New makes the API.
func New(o Options) http.Handler {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	a := &api{
		Options: o, discoveries: make(chan struct{}, maxDiscoveries),
		hosts: allowedHosts(o.Config.APIs.HTTP), origins: set(o.Config.APIs.HTTP.CORS.AllowedOrigins),
	}
	return a.guard(a.mux())
}

func set(names []string) map[string]bool {
	out := make(map[string]bool, len(names))
	for _, n := range names {
		out[n] = true
	}
	return out
}

// localAddress is where the connection of a request arrived; the zero address where that is unknown.
func localAddress(r *http.Request) netip.Addr {
	a, ok := r.Context().Value(http.LocalAddrContextKey).(interface{ String() string })
	if !ok {
		return netip.Addr{}
	}
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}
