package infra_test

import (
	"slices"
	"strings"
	"testing"

	"dps/shared/config"
)

// theTruth is what the deployed programs write.
func theTruth(t *testing.T, s *stack) truth {
	t.Helper()
	return truth{metricsWritten(t), programs(t, s)}
}

// TestAlarmsAndDashboardLookAtWhatIsWritten: each metric of the program's own has a name, dimensions and values that the
// program writes, by the service that writes it.
func TestAlarmsAndDashboardLookAtWhatIsWritten(t *testing.T) {
	s := deploy(t, everything)
	var all []reference
	for _, a := range s.all("AWS::CloudWatch::Alarm") {
		all = append(all, ofAlarm(a)...)
	}
	for _, w := range widgets(t, s) {
		all = append(all, ofWidget(t, w)...)
	}
	known, ours := theTruth(t, s), 0
	for _, r := range all {
		if strings.HasPrefix(r.namespace, "AWS/") {
			continue
		}
		ours++
		if problem := known.wrong(r); problem != "" {
			t.Errorf("%s: %s", r.where, problem)
		}
	}
	if ours < 60 {
		t.Errorf("%d references to metrics of ours: they are not where they are looked for", ours)
	}
}

// TestEveryEventIsReported: of what the tables know, some deployed program reports each.
func TestEveryEventIsReported(t *testing.T) {
	all := programs(t, deploy(t, required))
	for call := range reports() {
		found := false
		for _, text := range all {
			found = found || calls(text, call)
		}
		if !found {
			t.Errorf("no program has %s…", call)
		}
	}
}

// TestTheCheckOfMetricsBites: what the check is there for does not pass it.
func TestTheCheckOfMetricsBites(t *testing.T) {
	known := theTruth(t, deploy(t, required))
	good := func() reference {
		return reference{"good", namespace, "dps.breaker.state", map[string]string{"service": "token", "dps.dependency": "OAuth server"}}
	}
	if problem := known.wrong(good()); problem != "" {
		t.Fatalf("a good one is refused: %s", problem)
	}
	for name, change := range map[string]func(*reference){
		"another namespace": func(r *reference) { r.namespace = "DPS/other" },
		"a metric renamed":  func(r *reference) { r.metric = "dps.breaker.states" },
		"a dimension renamed": func(r *reference) {
			delete(r.dimensions, "dps.dependency")
			r.dimensions["dependency"] = "OAuth server"
		},
		"a roll-up that is not kept":      func(r *reference) { delete(r.dimensions, "dps.dependency") },
		"without the common dimension":    func(r *reference) { delete(r.dimensions, "service") },
		"a dimension of another metric":   func(r *reference) { r.dimensions["dps.outcome"] = "failed" },
		"a service that is not there":     func(r *reference) { r.dimensions["service"] = "ingress" },
		"a dependency of another service": func(r *reference) { r.dimensions["service"] = "record" },
		"a value that nothing says":       func(r *reference) { r.dimensions["dps.dependency"] = "OAuth servers" },
		"a label of no gauge": func(r *reference) {
			*r = reference{"", namespace, "dps.certificate.days_left", map[string]string{"service": "dps-ingress", "dps.certificate": "device"}}
		},
		"an outcome of no count": func(r *reference) {
			*r = reference{"", namespace, "dps.certificate.reloads", map[string]string{"service": "dps-ingress", "dps.outcome": "failed"}}
		},
		"a metric of another service": func(r *reference) {
			*r = reference{"", namespace, "dps.tokens.minted", map[string]string{"service": "sign"}}
		},
		"functions' own metric of ingress": func(r *reference) {
			*r = reference{"", namespace, "faas.coldstarts", map[string]string{"service": "dps-ingress", "faas.name": "dps-ingress"}}
		},
		"one function's metric under another": func(r *reference) {
			*r = reference{"", namespace, "faas.coldstarts", map[string]string{"service": "sign", "faas.name": "token"}}
		},
		"a code that CoAP has not": func(r *reference) {
			*r = reference{"", namespace, "dps.step.results", map[string]string{"service": "dps-ingress", "dps.code": "503"}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := good()
			change(&r)
			if known.wrong(r) == "" {
				t.Errorf("%+v passes", r)
			}
		})
	}
}

// TestMetricsAreOn: every program writes them, into the namespace that alarms look at.
func TestMetricsAreOn(t *testing.T) {
	each(t, func(t *testing.T, s *stack) {
		if n := str(s.globals, "Function", "Environment", "Variables", "DPS_METRICS_NAMESPACE"); n != namespace {
			t.Errorf("functions write into %q", n)
		}
		if c := ingressConfig(t, s).Clients.CloudWatch; c != (config.CloudWatch{Enabled: true, Namespace: namespace}) {
			t.Errorf("the ingress: %+v", c)
		}
		for _, f := range names {
			variables := s.get(t, f+"Function").property("Environment", "Variables")
			if service := str(variables, "POWERTOOLS_SERVICE_NAME"); service != strings.ToLower(f) {
				t.Errorf("%s calls itself %q", f, service)
			}
		}
		if n := len(s.all("AWS::Logs::MetricFilter")); n != 0 {
			t.Errorf("%d metrics are made from the text of log lines", n)
		}
	})
}

// TestTracesGoWhereTheyAreWanted, and nowhere without a collector.
func TestTracesGoWhereTheyAreWanted(t *testing.T) {
	for address, percent := range map[string]string{"": "1", "otel.example.com:4317": "25"} {
		s := deploy(t, with(required, map[string]string{"CollectorAddress": address, "TraceSamplePercent": percent}))
		if a := str(s.globals, "Function", "Environment", "Variables", "DPS_COLLECTOR"); a != address {
			t.Errorf("functions send traces to %q, want %q", a, address)
		}
		c := ingressConfig(t, s).Clients.OpenTelemetryCollector
		if c.GRPC.Enabled != (address != "") || c.GRPC.Address != address || c.GRPC.TLS.UseSystemCAPool != (address != "") || address != "" && c.SamplePercent != 25 {
			t.Errorf("the ingress: %+v", c)
		}
		var ports []string
		for _, rule := range list(s.get(t, "TaskSecurityGroup").property("SecurityGroupEgress")) {
			ports = append(ports, str(rule, "FromPort")+" "+str(rule, "ToPort"))
		}
		want := []string{"443 443"}
		if address != "" {
			want = append(want, "4317 4317")
		}
		if !slices.Equal(ports, want) {
			t.Errorf("tasks may connect to ports %v, want %v", ports, want)
		}
	}
}

// TestTheDashboardHasNoGaps: widgets neither overlap nor leave the grid, and each says what it is.
func TestTheDashboardHasNoGaps(t *testing.T) {
	each(t, func(t *testing.T, s *stack) {
		taken := make(map[[2]int]string)
		for _, w := range widgets(t, s) {
			name := w.Properties.Title + w.Properties.Markdown
			if name == "" || w.X+w.Width > 24 || w.Type == "metric" && len(w.Properties.Metrics) == 0 {
				t.Errorf("%+v", w)
			}
			for x := w.X; x < w.X+w.Width; x++ {
				for y := w.Y; y < w.Y+w.Height; y++ {
					if other, ok := taken[[2]int{x, y}]; ok {
						t.Fatalf("%s lies upon %s", name, other)
					}
					taken[[2]int{x, y}] = name
				}
			}
		}
	})
}
