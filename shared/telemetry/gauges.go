package telemetry

import (
	"slices"
	"sync"

	"go.opentelemetry.io/otel/attribute"
)

// gauges are the functions that say what is so now.
type gauges struct {
	tables map[string]*seriesTable[*series] // by instrument

	mu       sync.Mutex
	readings map[*series]*reading
}

// reading is one gauge.
type reading struct {
	*series
	read func() float64
}

func (g *gauges) init() {
	g.tables, g.readings = map[string]*seriesTable[*series]{}, map[*series]*reading{}
	for _, d := range instruments {
		if d.Kind == Gauge {
			g.tables[d.Name] = newSeriesTable(d, func(a attribute.Set) *series { return &series{d.Name, a} })
		}
	}
}

func (g *gauges) set(instrument, label string, read func() float64) (stop func()) {
	s := g.tables[instrument].get([2]string{label})
	r := &reading{s, read}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.readings[s] = r
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.readings[s] == r {
			delete(g.readings, s)
		}
	}
}

// all gives the gauges; they are read outside the lock, as reading one may report another.
func (g *gauges) all() []*reading {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := make([]*reading, 0, len(g.readings))
	for _, r := range g.readings {
		all = append(all, r)
	}
	return slices.Clip(all)
}
