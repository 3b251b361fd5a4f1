package emf

import (
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// distribution is a histogram as CloudWatch takes it: values, and how often each was seen. Least, greatest, sum and count are
// exact; a value stands for its bucket.
type distribution struct {
	Values []float64 `json:"Values"`
	Counts []float64 `json:"Counts"`
	Max    float64   `json:"Max"`
	Min    float64   `json:"Min"`
	Count  uint64    `json:"Count"`
	Sum    float64   `json:"Sum"`
}

func distributionOf[N int64 | float64](p metricdata.HistogramDataPoint[N]) distribution {
	d := distribution{Count: p.Count, Sum: float64(p.Sum)}
	d.Min, d.Max = extremes(p)
	for i, n := range p.BucketCounts {
		if n == 0 {
			continue
		}
		lower, upper := d.Min, d.Max
		if i > 0 {
			lower = max(lower, p.Bounds[i-1])
		}
		if i < len(p.Bounds) {
			upper = min(upper, p.Bounds[i])
		}
		d.add((lower+upper)/2, float64(n))
	}
	d.shrink()
	return d
}

func (d *distribution) add(value, count float64) {
	d.Values, d.Counts = append(d.Values, value), append(d.Counts, count)
}

// shrink joins neighbours until there are at most MaxValues.
func (d *distribution) shrink() {
	for len(d.Values) > MaxValues {
		joined := distribution{}
		for i := 0; i < len(d.Values); i += 2 {
			if i+1 == len(d.Values) {
				joined.add(d.Values[i], d.Counts[i])
				continue
			}
			n := d.Counts[i] + d.Counts[i+1]
			joined.add((d.Values[i]*d.Counts[i]+d.Values[i+1]*d.Counts[i+1])/n, n)
		}
		d.Values, d.Counts = joined.Values, joined.Counts
	}
}

// extremes are the least and the greatest value, by the buckets where they are not recorded.
func extremes[N int64 | float64](p metricdata.HistogramDataPoint[N]) (least, greatest float64) {
	first, last := -1, 0
	for i, n := range p.BucketCounts {
		if n > 0 {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	if first > 0 {
		least = p.Bounds[first-1]
	}
	if len(p.Bounds) > 0 {
		greatest = p.Bounds[min(last, len(p.Bounds)-1)]
	}
	if v, ok := p.Min.Value(); ok {
		least = float64(v)
	}
	if v, ok := p.Max.Value(); ok {
		greatest = float64(v)
	}
	return least, max(least, greatest)
}
