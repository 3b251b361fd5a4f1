package device

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
)

// Summary is what became of a fleet. Durations are in nanoseconds where it is written as JSON.
type Summary struct {
	OK             int           `json:"ok"`
	Failed         int           `json:"failed"`
	Retries        int           `json:"retries"`  // steps tried again
	Restarts       int           `json:"restarts"` // provisionings started over
	Elapsed        time.Duration `json:"elapsed"`
	FlowsPerSecond float64       `json:"flowsPerSecond"` // of devices that made it
	Errors         []ErrorCount  `json:"errors,omitempty"`
	Latencies      []Latency     `json:"latencies"`
}

// ErrorCount is how many devices ended at a step for a reason.
type ErrorCount struct {
	Step    Step   `json:"step"`
	Reason  Reason `json:"reason"`
	Count   int    `json:"count"`
	Example string `json:"example"` // the first one's detail
}

// Latency is how long a step took over all devices, failed ones excepted. The first step of a connection includes its
// handshake, which also has a line of its own.
type Latency struct {
	Step  Step          `json:"step"`
	Count int           `json:"count"`
	P50   time.Duration `json:"p50"`
	P99   time.Duration `json:"p99"`
	Max   time.Duration `json:"max"`
}

// String gives the summary as aligned tables.
func (s *Summary) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d ok, %d failed, %d retries, %d restarts in %v: %.1f flows/s\n",
		s.OK, s.Failed, s.Retries, s.Restarts, s.Elapsed.Round(time.Millisecond), s.FlowsPerSecond)
	if len(s.Latencies) > 0 {
		b.WriteString("\n")
		s.writeLatencies(&b)
	}
	if len(s.Errors) > 0 {
		b.WriteString("\n")
		s.writeErrors(&b)
	}
	return b.String()
}

func (s *Summary) writeLatencies(b *strings.Builder) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(w, "step\tcount\tp50 ms\tp99 ms\tmax ms\t")
	for _, l := range s.Latencies {
		_, _ = fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t\n", l.Step, l.Count, milliseconds(l.P50), milliseconds(l.P99), milliseconds(l.Max))
	}
	_ = w.Flush() // a strings.Builder takes everything
}

func (s *Summary) writeErrors(b *strings.Builder) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "failed\tstep\treason\texample")
	for _, e := range s.Errors {
		_, _ = fmt.Fprintf(w, "%d\t%s\t%s\t%s\n", e.Count, e.Step, e.Reason, e.Example)
	}
	_ = w.Flush() // a strings.Builder takes everything
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f", float64(d)/float64(time.Millisecond))
}
