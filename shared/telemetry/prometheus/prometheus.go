// Package prometheus answers the scrapes of a Prometheus server with the service's metrics and those of its process, for
// where the service runs without a collector.
package prometheus

import (
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

// Bounds of scrapes.
const (
	maxScrapes    = 4 // at once; further ones are answered 503
	scrapeTimeout = 5 * time.Second
)

// Endpoint is what is scraped.
type Endpoint struct {
	reader  sdkmetric.Reader
	handler http.Handler
}

// New makes an endpoint with a registry of its own. Its names are those of the instruments in Prometheus' form:
// dps.step.duration is dps_step_duration_seconds. log is told of scrapes that fail. Errors: of the registry.
func New(log *slog.Logger) (*Endpoint, error) {
	registry := prometheus.NewRegistry()
	for _, c := range []prometheus.Collector{collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("metrics of the process: %w", err)
		}
	}
	exporter, err := otelprometheus.New(otelprometheus.WithRegisterer(registry), otelprometheus.WithoutScopeInfo())
	if err != nil {
		return nil, fmt.Errorf("prometheus exporter: %w", err)
	}
	handler := promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn), ErrorHandling: promhttp.ContinueOnError,
		MaxRequestsInFlight: maxScrapes, Timeout: scrapeTimeout,
	})
	return &Endpoint{reader: exporter, handler: getOnly(handler)}, nil
}

// Reader is for pipeline.NewMetrics: it collects when it is scraped.
func (e *Endpoint) Reader() sdkmetric.Reader { return e.reader }

// Handler answers GET and HEAD, in the format that the scraper asks for. It asks for no credentials: it is for an address
// that strangers do not reach.
func (e *Endpoint) Handler() http.Handler { return e.handler }

func getOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		next.ServeHTTP(w, r)
	})
}
