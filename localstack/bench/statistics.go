package main

import (
	"slices"
	"time"
)

// spread is a figure over several rounds.
type spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// spreadOf gives the spread of values; at least one.
func spreadOf(values []float64) spread {
	v := slices.Sorted(slices.Values(values))
	n := len(v)
	return spread{Median: (v[(n-1)/2] + v[n/2]) / 2, Min: v[0], Max: v[n-1]}
}

// percentile gives the smallest of latencies that p per cent do not exceed (nearest rank). It sorts them; 0 of none.
func percentile(latencies []time.Duration, p int) time.Duration {
	if len(latencies) == 0 {
		return 0
	}
	slices.Sort(latencies)
	rank := (len(latencies)*p + 99) / 100
	return latencies[max(rank, 1)-1]
}
