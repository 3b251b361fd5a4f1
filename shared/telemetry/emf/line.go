package emf

import (
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
)

// line is one JSON object: metrics that share their attributes' values.
type line struct {
	at         time.Time
	attributes []Dimension // sorted by name
	metrics    []measured
}

// measured is one metric of a line.
type measured struct {
	name, unit string
	rollups    [][]string
	value      any // a number, or a distribution
}

// document is a line as CloudWatch reads it.
type document map[string]any

type metadata struct {
	Timestamp         int64       `json:"Timestamp"` // Unix milliseconds
	CloudWatchMetrics []directive `json:"CloudWatchMetrics"`
}

// directive says which members of the document are metrics, and by which dimensions each is kept.
type directive struct {
	Namespace  string       `json:"Namespace"`
	Dimensions [][]string   `json:"Dimensions"`
	Metrics    []definition `json:"Metrics"`
}

type definition struct {
	Name string `json:"Name"`
	Unit string `json:"Unit,omitempty"`
}

func (l *line) document(o Options) document {
	doc := document{}
	var common, names []string
	for _, d := range o.Common {
		doc[d.Name] = d.Value
		common = append(common, d.Name)
	}
	for _, d := range l.attributes {
		if _, taken := doc[d.Name]; taken {
			continue
		}
		doc[d.Name] = d.Value
		if len(common)+len(names) < MaxDimensions {
			names = append(names, d.Name)
		}
	}
	meta := metadata{Timestamp: l.at.UnixMilli()}
	byDimensions := map[string]int{} // index into directives
	for _, m := range l.metrics {
		dimensions := dimensionSets(common, names, m.rollups)
		key := setsKey(dimensions)
		i, ok := byDimensions[key]
		if !ok {
			i = len(meta.CloudWatchMetrics)
			byDimensions[key] = i
			meta.CloudWatchMetrics = append(meta.CloudWatchMetrics, directive{Namespace: o.Namespace, Dimensions: dimensions})
		}
		d := &meta.CloudWatchMetrics[i]
		d.Metrics = append(d.Metrics, definition{m.name, m.unit})
		doc[m.name] = m.value
	}
	doc["_aws"] = meta
	return doc
}

// dimensionSets are all attributes together, and the rollups: those whose attributes the line has, each once.
func dimensionSets(common, names []string, rollups [][]string) [][]string {
	sets := [][]string{slices.Concat(common, names)}
	for _, r := range rollups {
		if len(r) >= len(names) || slices.ContainsFunc(r, func(name string) bool { return !slices.Contains(names, name) }) {
			continue
		}
		sets = append(sets, slices.Concat(common, r))
	}
	for i := range sets {
		if sets[i] == nil {
			sets[i] = []string{} // no dimensions: [], not null
		}
	}
	return sets
}

func setsKey(sets [][]string) string {
	var b strings.Builder
	for _, s := range sets {
		b.WriteString(strings.Join(s, "\x00") + "\x01")
	}
	return b.String()
}

// dimensionsOf gives the attributes as texts, sorted by name; an empty value cannot be a dimension.
func dimensionsOf(set attribute.Set) []Dimension {
	var all []Dimension
	for it := set.Iter(); it.Next(); {
		kv := it.Attribute()
		value := kv.Value.String()
		if value == "" {
			continue
		}
		if len(value) > maxValue {
			value = strings.ToValidUTF8(value[:maxValue], "")
		}
		all = append(all, Dimension{string(kv.Key), value})
	}
	return all
}
