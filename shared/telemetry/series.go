package telemetry

import (
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
)

// series is one instrument with one combination of its attributes' values.
type series struct {
	instrument string
	attributes attribute.Set
}

// seriesTable hands out the series of one instrument, up to its bound. It is safe for concurrent use, and looking up what was
// there before allocates nothing.
type seriesTable[T any] struct {
	definition Definition
	make       func(attribute.Set) T

	mu    sync.RWMutex
	known map[[2]string]T
}

func newSeriesTable[T any](d Definition, make func(attribute.Set) T) *seriesTable[T] {
	return &seriesTable[T]{definition: d, make: make, known: map[[2]string]T{}}
}

// get gives the series of the values. Beyond the bound all share one, whose values are OtherReason.
func (t *seriesTable[T]) get(values [2]string) T {
	t.mu.RLock()
	known, ok := t.known[values]
	t.mu.RUnlock()
	if ok {
		return known
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.known) >= max(t.definition.Series-1, 0) { // the last one is for the others
		values = [2]string{}
		for i := range t.definition.Attributes {
			values[i] = OtherReason
		}
	}
	if known, ok := t.known[values]; ok {
		return known
	}
	fresh := t.make(t.attributes(values))
	t.known[[2]string{strings.Clone(values[0]), strings.Clone(values[1])}] = fresh
	return fresh
}

// attributes makes the set; a value that is empty is left out.
func (t *seriesTable[T]) attributes(values [2]string) attribute.Set {
	var all []attribute.KeyValue
	for i, key := range t.definition.Attributes {
		if v := values[i]; v != "" {
			all = append(all, attribute.String(key, bounded(v, maxAttributeLength)))
		}
	}
	return attribute.NewSet(all...)
}

// bounded cuts s to at most n bytes of valid UTF-8.
func bounded(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "")
}
