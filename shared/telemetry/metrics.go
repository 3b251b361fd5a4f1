package telemetry

import (
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
)

// Scope is the name of the instrumentation that metrics and spans come from.
const Scope = "dps"

// Metrics takes what components report by plain functions and gives it to OpenTelemetry. It is safe for concurrent use; what
// was reported before costs no allocation, whether anybody exports it or not.
//
//	component ─▶ Count, Observe, Gauge ─▶ the table of instruments ─▶ Register's provider ─▶ OTLP, CloudWatch, Prometheus
type Metrics struct {
	log      *slog.Logger
	counters Counters
	counted  map[string]*seriesTable[*series] // by instrument
	observed map[string]*histogram            // by instrument
	gauges   gauges

	unknown unknownNames
}

// NewMetrics makes metrics that nobody exports yet; see Register. A name that the tables do not know is logged once. log may
// be nil.
func NewMetrics(log *slog.Logger) *Metrics {
	if log == nil {
		log = Discard()
	}
	m := &Metrics{log: log, counted: map[string]*seriesTable[*series]{}, observed: map[string]*histogram{}}
	for _, d := range instruments {
		switch d.Kind {
		case Counter:
			m.counted[d.Name] = newSeriesTable(d, func(a attribute.Set) *series { return &series{d.Name, a} })
		case Histogram:
			m.observed[d.Name] = newHistogram(d)
		}
	}
	m.gauges.init()
	m.counters.resolve = m.resolve
	return m
}

// Count reports one event; the names are those of Events.
func (m *Metrics) Count(name, reason string) { m.CountN(name, reason, 1) }

// CountN reports n events at once.
func (m *Metrics) CountN(name, reason string, n uint64) {
	m.counters.AddN(name, reason, n)
	m.unknown.tell(m.log) // not where they are found: the counters are locked there, and a log may count
}

// Observe reports how long something took: "step" with step and CoAP code, "invocation" with function and outcome, "handshake"
// with transport and outcome, "function" with the function's own name and outcome.
func (m *Metrics) Observe(name, label, outcome string, took time.Duration) {
	instrument, ok := observations[name]
	if !ok {
		m.unknown.add(name)
		m.CountN(unknownInstrument, "", 1)
		return
	}
	m.observed[instrument].record([2]string{label, outcome}, took)
}

// Gauge has read asked at every collection, from another goroutine: it must be quick and wait for nothing. The names are
// "connections" (label open, half_open), "cache_size" (the cache), "breaker" (the dependency), "record_queue_length" and
// "record_queue_age" (seconds; no label), "certificate_days_left" (devices, operators). stop ends the asking; where the same
// name and label is given again, the later one counts.
func (m *Metrics) Gauge(name, label string, read func() float64) (stop func()) {
	instrument, ok := readings[name]
	if !ok {
		m.unknown.add(name)
		m.CountN(unknownInstrument, "", 1)
		return func() {}
	}
	return m.gauges.set(instrument, label, read)
}

// Get gives the count of one event.
func (m *Metrics) Get(name, reason string) uint64 { return m.counters.Get(name, reason) }

// Snapshot gives the counts of all events, keyed `name` or `name{reason}`.
func (m *Metrics) Snapshot() map[string]uint64 { return m.counters.Snapshot() }

// Unknown gives the names reported so far that the tables do not know, sorted: a defect of whoever reports them.
func (m *Metrics) Unknown() []string { return m.unknown.all() }

// resolve finds the series of a name and reason that are counted for the first time.
func (m *Metrics) resolve(name, reason string) *series {
	e, ok := eventOf(name, reason)
	if !ok {
		if name != unknownInstrument && name != OtherReason {
			m.unknown.add(name)
		}
		e = event{instrument: unknownInstrument}
	}
	table := m.counted[e.instrument]
	return table.get(e.values(len(table.definition.Attributes), reason))
}
