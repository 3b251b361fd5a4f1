package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"dps/localstack/collector"
)

// bench is the stage: who serves, who is served, and what was measured so far.
type bench struct {
	o       options
	dir     string
	console *console
	hub     *process
	floor   subject
	ingress subject
	service subject
	traced  subject
	sink    *collector.Collector // of traced
	report  report
}

// setUp makes devices and starts the roles. What was started is stopped again where anything fails.
func setUp(ctx context.Context, o options, dir string, c *console) (*bench, error) {
	b := &bench{o: o, dir: dir, console: c, report: newReport(o)}
	if err := b.start(ctx); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *bench) start(ctx context.Context) error {
	b.console.begin(0, "preparing")
	start := time.Now()
	manufacturer, err := makeMaterial(b.dir)
	if err != nil {
		return err
	}
	devices, err := newDevices(manufacturer, b.o.devices, b.o.tls13)
	if err != nil {
		return err
	}
	role := roleHub
	if b.o.sharedToken {
		role = roleHubOneToken
	}
	if b.hub, err = startProcess(ctx, b.dir, role); err != nil {
		return err
	}
	if err := writeServiceConfig(b.dir, b.hub.hello.Hub); err != nil {
		return err
	}
	if b.service, err = b.startSubject(ctx, roleService, devices); err != nil {
		return err
	}
	if err := captureAnswers(ctx, b.dir, b.service.driver); err != nil {
		return err
	}
	if b.ingress, err = b.startSubject(ctx, roleIngress, devices); err != nil {
		return err
	}
	if err := b.startTraced(ctx, devices); err != nil {
		return err
	}
	b.floor, err = b.startSubject(ctx, roleFloor, devices)
	b.console.end("%d devices, five processes, %.1f s", len(devices), time.Since(start).Seconds())
	return err
}

// startTraced starts the service once more, with a collector for its telemetry.
func (b *bench) startTraced(ctx context.Context, devices []*device) (err error) {
	if b.sink, err = collector.Start(ctx); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(b.dir, fileCollector), []byte(b.sink.Address()), 0o600); err != nil {
		return err
	}
	b.traced, err = b.startSubject(ctx, roleTraced, devices)
	return err
}

func (b *bench) startSubject(ctx context.Context, role string, devices []*device) (subject, error) {
	p, err := startProcess(ctx, b.dir, role)
	if err != nil {
		return subject{}, err
	}
	return subject{p, &driver{target: p.hello.Address, devices: devices, concurrency: b.o.concurrency}}, nil
}

// captureAnswers has the service answer one device, for the floor to answer the same.
func captureAnswers(ctx context.Context, dir string, d *driver) error {
	w, err := newWorker(d.target)
	if err != nil {
		return err
	}
	var answers [][]byte
	if err := w.flow(ctx, d.nextDevice(), func(a []byte) { answers = append(answers, a) }); err != nil {
		return fmt.Errorf("first flow: %w", err)
	}
	data, err := json.Marshal(answers)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, fileAnswers), data, 0o600)
}

// close stops the roles, the hub last: the service may still want it.
func (b *bench) close() error {
	var errs []error
	for _, p := range []*process{b.service.process, b.traced.process, b.ingress.process, b.floor.process, b.hub} {
		if p != nil {
			errs = append(errs, p.stop())
		}
	}
	if b.sink != nil {
		b.sink.Close()
	}
	return errors.Join(errs...)
}

// measure goes through all phases. Idle connections come before the load, while the heaps are compact.
func (b *bench) measure(ctx context.Context) (*report, error) {
	for _, phase := range []func(context.Context) error{b.warmUp, b.measureIdle, b.measureRounds, b.measureSoak} {
		if err := phase(ctx); err != nil {
			return nil, err
		}
	}
	b.report.summarize()
	return &b.report, nil
}

func (b *bench) warmUp(ctx context.Context) error {
	for _, s := range []subject{b.floor, b.ingress, b.service, b.traced} {
		progress := b.console.begin(b.o.warmup, "warming up the %s", s.process.name)
		out, err := s.driver.run(ctx, b.o.warmup, progress)
		if err := errors.Join(err, out.err()); err != nil {
			return fmt.Errorf("warm-up of the %s: %w", s.process.name, err)
		}
		b.console.end("%d flows", len(out.latencies))
	}
	return pause(ctx, settleTime)
}

func (b *bench) measureIdle(ctx context.Context) error {
	if b.o.idle == 0 {
		return nil
	}
	b.console.begin(b.o.idle, "%d idle connections", b.o.idle)
	figures := idleFigures{Connections: b.o.idle}
	var err error
	if figures.Floor, err = b.floor.idle(ctx, b.o.idle); err != nil {
		return fmt.Errorf("idle connections to the floor: %w", err)
	}
	if figures.Service, err = b.service.idle(ctx, b.o.idle); err != nil {
		return fmt.Errorf("idle connections to the service: %w", err)
	}
	b.report.Idle = &figures
	b.console.end("floor %.1f KiB, service %.1f KiB each", figures.Floor/1024, figures.Service/1024)
	return pause(ctx, settleTime)
}

func (b *bench) measureRounds(ctx context.Context) error {
	if b.o.cpuProfile != "" {
		if _, err := b.service.process.ask(command{Do: doStartProfile, File: absolute(b.o.cpuProfile)}); err != nil {
			return err
		}
	}
	for i := range b.o.rounds {
		r, err := b.round(ctx, i)
		if err != nil {
			return fmt.Errorf("round %d: %w", i+1, err)
		}
		b.report.Rounds = append(b.report.Rounds, r)
	}
	if b.o.cpuProfile != "" {
		if _, err := b.service.process.ask(command{Do: doStopProfile}); err != nil {
			return err
		}
	}
	if b.o.memProfile != "" {
		_, err := b.service.process.ask(command{Do: doHeapProfile, File: absolute(b.o.memProfile)})
		return err
	}
	return nil
}

// round gives each server its turn; who goes first changes from round to round.
func (b *bench) round(ctx context.Context, i int) (round, error) {
	var r round
	turns := []struct {
		subject subject
		into    *turn
	}{{b.floor, &r.Floor}, {b.ingress, &r.Ingress}, {b.service, &r.Service}, {b.traced, &r.Traced}}
	if i%2 == 1 {
		slices.Reverse(turns)
	}
	for _, t := range turns {
		name := t.subject.process.name
		progress := b.console.begin(b.o.flows, "round %d of %d, %s", i+1, b.o.rounds, name)
		var err error
		if *t.into, err = t.subject.turn(ctx, b.o.flows, progress); err != nil {
			return r, fmt.Errorf("%s: %w", name, err)
		}
		b.console.end("%.0f flows/s, %.2f ms CPU each", t.into.FlowsPerSecond, t.into.CPU)
	}
	return r, nil
}

func (b *bench) measureSoak(ctx context.Context) error {
	if b.o.soak == 0 {
		return nil
	}
	progress := b.console.begin(b.o.soak, "soak of %d flows", b.o.soak)
	s, err := b.service.soak(ctx, b.o.soak, progress)
	if err != nil {
		return err
	}
	b.report.Soak = &s
	b.console.end("goroutines %+d, descriptors %+d", s.After.Goroutines-s.Before.Goroutines, s.After.Descriptors-s.Before.Descriptors)
	return nil
}

// absolute gives the path as every process understands it.
func absolute(path string) string {
	if a, err := filepath.Abs(path); err == nil {
		return a
	}
	return path
}
