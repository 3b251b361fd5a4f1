package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// The goals of the service, as ratios to the floor and as bytes.
const (
	goalCPURatio  = 1.3
	goalIdleBytes = 36 << 10
	goalTelemetry = 1.05 // of the service without it
)

// report is everything that was measured.
type report struct {
	Go      string       `json:"go"`
	CPUs    int          `json:"cpus"`
	TLS     string       `json:"tls"`
	Flows   int          `json:"flowsPerRound"`
	AtOnce  int          `json:"concurrency"`
	Devices int          `json:"devices"`
	Rounds  []round      `json:"rounds"`
	Figures []figure     `json:"figures"`
	Idle    *idleFigures `json:"idle,omitempty"`
	Soak    *soak        `json:"soak,omitempty"`
	Goals   []goal       `json:"goals"`
}

// round is one turn of each server.
type round struct {
	Floor   turn `json:"floor"`
	Ingress turn `json:"ingress"`
	Service turn `json:"service"`
	Traced  turn `json:"traced"`
}

// figure is one property over all rounds. Ratios are those to the floor, round by round.
type figure struct {
	Name         string `json:"name"`
	Floor        spread `json:"floor"`
	Ingress      spread `json:"ingress"`
	IngressRatio spread `json:"ingressRatio"`
	Service      spread `json:"service"`
	ServiceRatio spread `json:"serviceRatio"`
	Traced       spread `json:"traced"`
	TracedRatio  spread `json:"tracedRatio"` // to the service
	digits       int
}

// idleFigures are resident bytes per idle connection.
type idleFigures struct {
	Connections int     `json:"connections"`
	Floor       float64 `json:"floorBytes"`
	Service     float64 `json:"serviceBytes"`
}

// goal is what is aimed at, and what was reached.
type goal struct {
	Name    string `json:"name"`
	Goal    string `json:"goal"`
	Reached string `json:"reached"`
	Met     bool   `json:"met"`
}

func newReport(o options) report {
	version := "1.2"
	if o.tls13 {
		version = "1.3"
	}
	return report{Go: runtime.Version(), CPUs: runtime.NumCPU(), TLS: version, Flows: o.flows, AtOnce: o.concurrency, Devices: o.devices}
}

// summarize makes figures and goals of the rounds.
func (r *report) summarize() {
	cpu := r.figure("server CPU, ms per flow", 2, func(t turn) float64 { return t.CPU })
	r.Figures = []figure{
		r.figure("flows per second", 0, func(t turn) float64 { return t.FlowsPerSecond }),
		r.figure("flow latency p50, ms", 1, func(t turn) float64 { return t.P50 }),
		r.figure("flow latency p99, ms", 1, func(t turn) float64 { return t.P99 }),
		cpu,
		r.figure("allocations per flow", 0, func(t turn) float64 { return t.Allocations }),
		r.figure("allocated KiB per flow", 0, func(t turn) float64 { return t.Allocated }),
	}
	r.Goals = []goal{
		cpuGoal("server CPU per flow, ingress alone", cpu.IngressRatio.Median),
		cpuGoal("server CPU per flow, everything", cpu.ServiceRatio.Median),
		{
			Name: "server CPU per flow, with telemetry", Goal: fmt.Sprintf("≤ %.2f × service", goalTelemetry),
			Reached: fmt.Sprintf("%.2f ×", cpu.TracedRatio.Median), Met: cpu.TracedRatio.Median <= goalTelemetry,
		},
	}
	if r.Idle != nil {
		r.Goals = append(r.Goals, goal{
			Name: "resident per idle connection", Goal: fmt.Sprintf("≤ %d KiB", goalIdleBytes>>10),
			Reached: fmt.Sprintf("%.1f KiB", r.Idle.Service/1024), Met: r.Idle.Service <= goalIdleBytes,
		})
	}
	if r.Soak != nil {
		r.Goals = append(r.Goals, goal{
			Name: "goroutines and descriptors", Goal: fmt.Sprintf("no growth over %d flows", r.Soak.Flows),
			Reached: fmt.Sprintf("%+d, %+d", r.Soak.After.Goroutines-r.Soak.Before.Goroutines, r.Soak.After.Descriptors-r.Soak.Before.Descriptors),
			Met:     r.Soak.err() == nil,
		})
	}
}

func cpuGoal(name string, ratio float64) goal {
	return goal{Name: name, Goal: fmt.Sprintf("≤ %.1f × floor", goalCPURatio), Reached: fmt.Sprintf("%.2f ×", ratio), Met: ratio <= goalCPURatio}
}

func (r *report) figure(name string, digits int, get func(turn) float64) figure {
	over := func(get func(round) float64) spread {
		var values []float64
		for _, x := range r.Rounds {
			values = append(values, get(x))
		}
		return spreadOf(values)
	}
	return figure{
		Name: name, digits: digits,
		Floor:        over(func(x round) float64 { return get(x.Floor) }),
		Ingress:      over(func(x round) float64 { return get(x.Ingress) }),
		IngressRatio: over(func(x round) float64 { return get(x.Ingress) / max(get(x.Floor), 1e-9) }),
		Service:      over(func(x round) float64 { return get(x.Service) }),
		ServiceRatio: over(func(x round) float64 { return get(x.Service) / max(get(x.Floor), 1e-9) }),
		Traced:       over(func(x round) float64 { return get(x.Traced) }),
		TracedRatio:  over(func(x round) float64 { return get(x.Traced) / max(get(x.Service), 1e-9) }),
	}
}

// writeJSON writes the report to a file.
func (r *report) writeJSON(file string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(data, '\n'), 0o600) //nolint:gosec // the file that the user names
}

// verdict is an error where something leaks, and, if goals count, where one was missed.
func (r *report) verdict(goals bool) error {
	var errs []error
	if r.Soak != nil {
		errs = append(errs, r.Soak.err())
	}
	if goals {
		var missed []string
		for _, g := range r.Goals {
			if !g.Met {
				missed = append(missed, fmt.Sprintf("%s: %s, goal %s", g.Name, g.Reached, g.Goal))
			}
		}
		if missed != nil {
			errs = append(errs, fmt.Errorf("goals missed: %s", strings.Join(missed, "; ")))
		}
	}
	return errors.Join(errs...)
}
