package main

import (
	"os"
	"strings"
	"testing"
)

func cost(t *testing.T, u Use, name string) float64 {
	t.Helper()
	var sum float64
	for _, term := range u.Terms() {
		if strings.HasPrefix(term.Name, name) {
			sum += term.Cost()
		}
	}
	if sum <= 0 {
		t.Errorf("%q costs nothing", name)
	}
	return sum
}

// TestTermsGrowWithWhatTheyRestOn: twice the devices cost twice the writes, and not a cent more of what stands still.
func TestTermsGrowWithWhatTheyRestOn(t *testing.T) {
	one, two := Typical(), Typical()
	two.Devices *= 2
	for name, factor := range map[string]float64{
		"DynamoDB: writes": 2, "DynamoDB: storage": 2, "Lambda: token": 2, "Lambda: sign": 2, "Data out": 2, "NLB: hours": 1,
		"VPC: interface": 1, "Fargate": 1, "Secrets Manager: secrets": 1, "CloudWatch: metrics": 1, "CloudWatch: alarms": 1,
	} {
		if got := cost(t, two, name) / cost(t, one, name); got < factor*0.999 || got > factor*1.001 {
			t.Errorf("%s: twice the devices cost %.3f times as much, want %g", name, got, factor)
		}
	}
}

// TestEndpointsAreTheTemplates: the model counts what the network template makes.
func TestEndpointsAreTheTemplates(t *testing.T) {
	template, err := os.ReadFile("../network.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(template), "VpcEndpointType: Interface"); float64(n) != endpoints {
		t.Errorf("infra/network.yaml has %d interface endpoints, the model %g", n, endpoints)
	}
}

// TestAlarmsAreTheTemplates: the model counts what alarms look at; the dashboard's metrics, in JSON, cost nothing more.
func TestAlarmsAreTheTemplates(t *testing.T) {
	template, err := os.ReadFile("../observability.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(template), "MetricName: "); float64(n) != alarmMetrics {
		t.Errorf("alarms of infra/observability.yaml look at %d metrics, the model counts %g", n, alarmMetrics)
	}
}

func TestRun(t *testing.T) {
	var out strings.Builder
	if err := run([]string{"--devices", "50000"}, &out); err != nil || !strings.Contains(out.String(), "total in a month") {
		t.Errorf("%v: %s", err, out.String())
	}
	for _, args := range [][]string{{"--devices", "0"}, {"--tasks", "-1"}, {"--batch", "0.5"}, {"--nonsense"}} {
		if err := run(args, &out); err == nil {
			t.Errorf("%v is taken", args)
		}
	}
}
