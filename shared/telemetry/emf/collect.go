package emf

import (
	"math"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// collection gathers data points into lines.
type collection struct {
	o     Options
	lines map[string]*line
	order []*line
}

// collect gives the lines of what was collected: one for each combination of attributes' values, and one more for each
// MaxMetrics of it.
func collect(rm *metricdata.ResourceMetrics, o Options) []*line {
	c := &collection{o: o, lines: map[string]*line{}}
	for _, scope := range rm.ScopeMetrics {
		for _, m := range scope.Metrics {
			c.add(m)
		}
	}
	for _, l := range c.order {
		slices.SortFunc(l.metrics, func(a, b measured) int { return strings.Compare(a.name, b.name) })
	}
	return c.order
}

func (c *collection) add(m metricdata.Metrics) {
	switch data := m.Data.(type) {
	case metricdata.Sum[int64]:
		addNumbers(c, m, data.DataPoints, data.IsMonotonic)
	case metricdata.Sum[float64]:
		addNumbers(c, m, data.DataPoints, data.IsMonotonic)
	case metricdata.Gauge[int64]:
		addNumbers(c, m, data.DataPoints, false)
	case metricdata.Gauge[float64]:
		addNumbers(c, m, data.DataPoints, false)
	case metricdata.Histogram[int64]:
		addHistogram(c, m, data.DataPoints)
	case metricdata.Histogram[float64]:
		addHistogram(c, m, data.DataPoints)
	}
}

// addNumbers adds counts and gauges. A count of nothing is not written: it would be paid for.
func addNumbers[N int64 | float64](c *collection, m metricdata.Metrics, points []metricdata.DataPoint[N], isCount bool) {
	unit := unitOf(m.Unit, isCount)
	for _, p := range points {
		if f := float64(p.Value); math.IsNaN(f) || math.IsInf(f, 0) || isCount && f == 0 {
			continue
		}
		c.put(p.Attributes, p.Time, measured{m.Name, unit, c.o.Rollups(m.Name), p.Value})
	}
}

func addHistogram[N int64 | float64](c *collection, m metricdata.Metrics, points []metricdata.HistogramDataPoint[N]) {
	unit := unitOf(m.Unit, false)
	for _, p := range points {
		if p.Count > 0 {
			c.put(p.Attributes, p.Time, measured{m.Name, unit, c.o.Rollups(m.Name), distributionOf(p)})
		}
	}
}

func (c *collection) put(set attribute.Set, at time.Time, m measured) {
	attributes := dimensionsOf(set)
	key := keyOf(attributes)
	l := c.lines[key]
	if l == nil || len(l.metrics) >= MaxMetrics {
		l = &line{at: at, attributes: attributes}
		c.lines[key] = l
		c.order = append(c.order, l)
	}
	l.metrics = append(l.metrics, m)
}

func keyOf(attributes []Dimension) string {
	var b strings.Builder
	for _, d := range attributes {
		b.WriteString(d.Name + "\x00" + d.Value + "\x01")
	}
	return b.String()
}

// unitOf gives CloudWatch's word for a unit of UCUM.
func unitOf(ucum string, isCount bool) string {
	switch {
	case ucum == "s":
		return "Seconds"
	case ucum == "ms":
		return "Milliseconds"
	case ucum == "us":
		return "Microseconds"
	case ucum == "By":
		return "Bytes"
	case ucum == "%":
		return "Percent"
	case isCount, strings.HasPrefix(ucum, "{"):
		return "Count"
	default:
		return "None"
	}
}
