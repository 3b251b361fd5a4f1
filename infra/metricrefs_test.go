package infra_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/telemetry"
)

// reference is a metric that an alarm or the dashboard looks at.
type reference struct {
	where, namespace, metric string
	dimensions               map[string]string // an empty value: each there is
}

// namespace is that of the program's metrics in the stack that tests deploy.
const namespace = "DPS/dps"

// ofAlarm gives what an alarm looks at.
func ofAlarm(a resource) (all []reference) {
	of := func(m any) {
		r := reference{a.name, str(m, "Namespace"), str(m, "MetricName"), make(map[string]string)}
		for _, d := range list(at(m, "Dimensions")) {
			r.dimensions[str(d, "Name")] = str(d, "Value")
		}
		all = append(all, r)
	}
	if a.property("MetricName") != nil {
		of(a.property())
	}
	for _, m := range list(a.property("Metrics")) {
		if metric := at(m, "MetricStat", "Metric"); metric != nil {
			of(metric)
		}
	}
	return all
}

// widget is one of the dashboard's.
type widget struct {
	Type                string
	X, Y, Width, Height int
	Properties          struct {
		Title, Markdown string
		Metrics         [][]any
	}
}

func widgets(t *testing.T, s *stack) []widget {
	t.Helper()
	var body struct{ Widgets []widget }
	text := str(s.get(t, "Dashboard").attributes, "Properties", "DashboardBody")
	if err := json.Unmarshal([]byte(text), &body); err != nil || len(body.Widgets) == 0 {
		t.Fatalf("%v in %s", err, text)
	}
	return body.Widgets
}

var (
	search  = regexp.MustCompile(`^SEARCH\('\{([^}]*)\}((?: "?[A-Za-z.]+"?="[^"]*")+)', '[A-Za-z0-9]+', 60\)$`)
	quoted  = regexp.MustCompile(`"([^"]*)"`)
	setting = regexp.MustCompile(`"?([A-Za-z.]+)"?="([^"]*)"`)
)

// ofWidget gives what a widget looks at; a SEARCH is a reference with dimensions of any value.
func ofWidget(t *testing.T, w widget) (all []reference) {
	t.Helper()
	for _, m := range w.Properties.Metrics {
		if o, ok := m[0].(object); ok {
			if expression := str(o, "expression"); strings.Contains(expression, "SEARCH") {
				all = append(all, ofSearch(t, w.Properties.Title, expression))
			}
			continue
		}
		var texts []string
		for _, v := range m {
			if s, ok := v.(string); ok {
				texts = append(texts, s)
			}
		}
		r := reference{w.Properties.Title, texts[0], texts[1], make(map[string]string)}
		for i := 2; i+1 < len(texts); i += 2 {
			r.dimensions[texts[i]] = texts[i+1]
		}
		all = append(all, r)
	}
	return all
}

func ofSearch(t *testing.T, where, expression string) reference {
	t.Helper()
	found := search.FindStringSubmatch(expression)
	if found == nil {
		t.Fatalf("%s: %s is not understood", where, expression)
	}
	schema := quoted.FindAllStringSubmatch(found[1], -1)
	r := reference{where: where, namespace: schema[0][1], dimensions: make(map[string]string)}
	for _, name := range schema[1:] {
		r.dimensions[name[1]] = ""
	}
	for _, term := range setting.FindAllStringSubmatch(found[2], -1) {
		if term[1] == "MetricName" {
			r.metric = term[2]
		} else {
			r.dimensions[term[1]] = term[2]
		}
	}
	return r
}

// truth is what the deployed programs write.
type truth struct {
	metrics  map[string]emitted
	programs map[string]string // text, by service
}

// wrong says why nothing ever comes of the reference; "" where something may.
func (w truth) wrong(r reference) string {
	m, ok := w.metrics[r.metric]
	switch {
	case r.namespace != namespace:
		return "namespace " + r.namespace + " is not the program's"
	case !ok:
		return "the program has no metric " + r.metric
	}
	if set := joined(slices.Collect(maps.Keys(r.dimensions))); !slices.Contains(m.sets, set) {
		return fmt.Sprintf("%s is never written by [%s], only by %q", r.metric, set, m.sets)
	}
	service := r.dimensions["service"]
	if _, ok := w.programs[service]; !ok && service != "" {
		return "no program is called " + service
	}
	for name, text := range w.programs {
		if (service == "" || service == name) && slices.ContainsFunc(m.calls, func(call string) bool { return calls(text, call) }) {
			return wrongValue(r, m, text)
		}
	}
	return fmt.Sprintf("%q reports no %s", service, r.metric)
}

// wrongValue finds a dimension's value that the program never gives.
func wrongValue(r reference, m emitted, text string) string {
	for name, value := range r.dimensions {
		switch {
		case value == "" || name == "service":
		case name == telemetry.AttrFaaSName:
			if value != r.dimensions["service"] {
				return "a function counts itself, not " + value
			}
		case name == telemetry.AttrCode:
			if !isCode(value) {
				return "CoAP has no code " + value
			}
		case name == telemetry.AttrDependency:
			if !strings.Contains(text, "resilience.New("+strconv.Quote(value)) {
				return "nothing guards calls of " + value
			}
		case !says(text, m.calls, value):
			return fmt.Sprintf("nothing in the program says %s=%s", name, value)
		}
	}
	return ""
}

// says tells whether one of the calls is made with the value; where it is made with a variable, whether something is given the value.
func says(text string, made []string, value string) bool {
	variable := false
	for _, call := range made {
		for _, form := range forms(call) {
			for _, found := range regexp.MustCompile(regexp.QuoteMeta(form)+`,? *(.)`).FindAllStringSubmatch(text, -1) {
				variable = variable || found[1] != `"`
			}
			if strings.Contains(text, form+", "+strconv.Quote(value)) {
				return true
			}
		}
	}
	return variable && regexp.MustCompile(`(return|=) `+regexp.QuoteMeta(strconv.Quote(value))).MatchString(text)
}

// isCode tells of a code in the form 5.03 (RFC 7252 §3).
func isCode(s string) bool {
	var class, detail uint8
	if n, err := fmt.Sscanf(s, "%1d.%02d", &class, &detail); n != 2 || err != nil {
		return false
	}
	return !strings.HasPrefix(codes.Code(class<<5|detail).String(), "Code(")
}
