package ingress

import (
	"time"
)

// watch has telemetry ask for what is so now.
func (s *Service) watch(now func() time.Time) {
	gauge := func(name, label string, read func() float64) { s.metrics.Gauge(name, label, read) }
	gauge("connections", "open", func() float64 { open, _, _ := s.server.Connections(); return float64(open) })
	gauge("connections", "half_open", func() float64 { _, halfOpen, _ := s.server.Connections(); return float64(halfOpen) })
	gauge("record_queue_length", "", func() float64 { return float64(s.recorder.Waiting()) })
	gauge("record_queue_age", "", func() float64 { return s.recorder.OldestAge(now()).Seconds() })
	gauge("cache_size", "issuer", func() float64 { issuers, _ := s.gate.Sizes(); return float64(issuers) })
	gauge("cache_size", "verdict", func() float64 { _, verdicts := s.gate.Sizes(); return float64(verdicts) })
	gauge("certificate_days_left", "devices", s.certificate.daysUntilEnd)
	if s.operators != nil && s.operators.certificate != nil {
		gauge("certificate_days_left", "operators", s.operators.certificate.daysUntilEnd)
	}
}
