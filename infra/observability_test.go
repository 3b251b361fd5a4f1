package infra_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// sources gives the text of the program, without tests.
func sources(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, room := range []string{"../ingress", "../functions", "../shared"} {
		err := filepath.WalkDir(room, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			data, err := os.ReadFile(path)
			all.Write(data)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}

var (
	message   = regexp.MustCompile(`\$\.msg = "([^"]*)"`)
	attribute = regexp.MustCompile(`\$\.([A-Za-z]+)`)
)

// TestFiltersLookForWhatIsLogged: a line's words and the attributes that a filter takes are in the program's text.
func TestFiltersLookForWhatIsLogged(t *testing.T) {
	text := sources(t)
	filters := deploy(t, required).all("AWS::Logs::MetricFilter")
	if len(filters) < 8 {
		t.Errorf("%d filters", len(filters))
	}
	for _, f := range filters {
		pattern := str(f.attributes, "Properties", "FilterPattern")
		m := message.FindStringSubmatch(pattern)
		if m == nil {
			t.Errorf("%s looks for no message: %s", f.name, pattern)
			continue
		}
		if words := `"` + strings.TrimSuffix(m[1], "*"); !strings.Contains(text, words) {
			t.Errorf("%s looks for %s, which nothing logs", f.name, words)
		}
		value := str(list(f.property("MetricTransformations"))[0], "MetricValue")
		for _, a := range attribute.FindAllStringSubmatch(pattern+value, -1) {
			if a[1] != "msg" && a[1] != "level" && !strings.Contains(text, `"`+a[1]+`"`) {
				t.Errorf("%s looks at %s, which nothing logs", f.name, a[1])
			}
		}
	}
}

// ours gives the names of the metrics of our own namespace that filters make.
func ours(t *testing.T, s *stack) map[string]bool {
	t.Helper()
	made := make(map[string]bool)
	for _, f := range s.all("AWS::Logs::MetricFilter") {
		for _, m := range list(f.property("MetricTransformations")) {
			if str(m, "MetricNamespace") != "DPS/dps" {
				t.Errorf("%s makes a metric of %s", f.name, str(m, "MetricNamespace"))
			}
			made[str(m, "MetricName")] = true
		}
	}
	return made
}

// TestAlarmsLookAtMetricsThatAre there, tell somebody, and stand in the runbook.
func TestAlarmsLookAtMetricsThatAre(t *testing.T) {
	runbook := read(t, "README.md")
	s := deploy(t, everything)
	made := ours(t, s)
	alarms := s.all("AWS::CloudWatch::Alarm")
	if len(alarms) != 19 {
		t.Errorf("%d alarms", len(alarms))
	}
	for _, a := range alarms {
		name, _ := cut(str(a.attributes, "Properties", "AlarmName"), "dps-")
		for _, metric := range metricsOf(a) {
			if strings.HasPrefix(metric, "DPS/") && !made[strings.TrimPrefix(metric, "DPS/dps ")] {
				t.Errorf("%s looks at %s, which no filter makes", name, metric)
			}
		}
		if strings.Join(strs(a.property("AlarmActions")), "") != "Topic" {
			t.Errorf("%s tells nobody", name)
		}
		for _, f := range names {
			if rest, ok := cut(name, strings.ToLower(f)+"-"); ok && (rest == "errors" || rest == "throttles") {
				name = "FUNCTION-" + rest
			}
		}
		if !strings.Contains(runbook, "`"+name+"`") {
			t.Errorf("infra/README.md does not say what to do about %s", name)
		}
	}
}

// metricsOf gives what an alarm looks at, as "NAMESPACE NAME".
func metricsOf(a resource) []string {
	var all []string
	if m := str(a.attributes, "Properties", "MetricName"); m != "" {
		all = append(all, str(a.attributes, "Properties", "Namespace")+" "+m)
	}
	for _, m := range list(a.property("Metrics")) {
		if metric := at(m, "MetricStat", "Metric"); metric != nil {
			all = append(all, str(metric, "Namespace")+" "+str(metric, "MetricName"))
		}
	}
	return all
}

func TestTheDashboardShowsWhatIs(t *testing.T) {
	each(t, func(t *testing.T, s *stack) {
		var body struct {
			Widgets []struct {
				Properties struct {
					Title   string  `json:"title"`
					Metrics [][]any `json:"metrics"`
				} `json:"properties"`
			} `json:"widgets"`
		}
		text := str(s.get(t, "Dashboard").attributes, "Properties", "DashboardBody")
		if err := json.Unmarshal([]byte(text), &body); err != nil || len(body.Widgets) == 0 {
			t.Fatalf("%v in %s", err, text)
		}
		made := ours(t, s)
		for _, w := range body.Widgets {
			for _, m := range w.Properties.Metrics {
				if m[0] == "DPS/dps" && !made[m[1].(string)] {
					t.Errorf("%s shows %v, which no filter makes", w.Properties.Title, m[1])
				}
			}
		}
	})
}
