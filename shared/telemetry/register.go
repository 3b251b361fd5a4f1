package telemetry

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/metric"
)

// Register has the provider collect everything, until stop; a second provider takes the histograms from the first, so one with
// several readers is what serves several exporters. Errors: of the provider.
func (m *Metrics) Register(provider metric.MeterProvider) (stop func(), err error) {
	meter := provider.Meter(Scope)
	observables, err := m.observables(meter)
	if err != nil {
		return nil, err
	}
	for _, h := range m.observed {
		if err := h.register(meter); err != nil {
			return nil, err
		}
	}
	registration, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		m.collect(o, observables)
		return nil
	}, observables.all()...)
	if err != nil {
		return nil, err
	}
	return func() { _ = registration.Unregister() }, nil
}

// observables are the instruments that are read at a collection.
type observables struct {
	counters map[string]metric.Int64ObservableCounter
	gauges   map[string]metric.Float64ObservableGauge
}

func (o observables) all() []metric.Observable {
	var all []metric.Observable
	for _, c := range o.counters {
		all = append(all, c)
	}
	for _, g := range o.gauges {
		all = append(all, g)
	}
	return all
}

func (*Metrics) observables(meter metric.Meter) (observables, error) {
	o := observables{map[string]metric.Int64ObservableCounter{}, map[string]metric.Float64ObservableGauge{}}
	var errs []error
	for _, d := range instruments {
		var err error
		switch d.Kind {
		case Counter:
			o.counters[d.Name], err = meter.Int64ObservableCounter(d.Name, metric.WithUnit(d.Unit), metric.WithDescription(d.Description))
		case Gauge:
			o.gauges[d.Name], err = meter.Float64ObservableGauge(d.Name, metric.WithUnit(d.Unit), metric.WithDescription(d.Description))
		}
		errs = append(errs, err)
	}
	return o, errors.Join(errs...)
}

func (m *Metrics) collect(to metric.Observer, o observables) {
	for s, n := range m.counters.totals() {
		to.ObserveInt64(o.counters[s.instrument], int64(n), metric.WithAttributeSet(s.attributes)) //nolint:gosec // no count comes near 2⁶³
	}
	for _, r := range m.gauges.all() {
		to.ObserveFloat64(o.gauges[r.instrument], r.read(), metric.WithAttributeSet(r.attributes))
	}
}
