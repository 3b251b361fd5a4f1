package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// predecessor is what plgd's service costs, cited from the design document (§8): measured at another time, for scale only.
const predecessor = `For scale, as cited, not measured here: plgd's service took 2.5 ms of CPU per device flow (one connection, TLS 1.3, no
database, signing elsewhere) and 5 ms with two connections, where a bare server took 1.0 ms (2.5 ×); 56–62 KiB per idle
connection, where a bare server held 28–33 KiB.`

// legend says what the columns are.
const legend = `
floor    the same handshakes, canned answers of the same size
ingress  the ingress alone, its functions answering from memory: what the container costs where they run elsewhere
service  everything in one process: ingress, functions, store (synced before a certificate leaves); OAuth and signing elsewhere
traced   the service with metrics on and 1 % of the connections traced, to a collector in another process
`

// writeTable writes the report for people.
func (r *report) writeTable(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s, %d CPUs, TLS %s, %d rounds of %d flows, %d at once, %d devices; median (least…most)\n\n",
		r.Go, r.CPUs, r.TLS, len(r.Rounds), r.Flows, r.AtOnce, r.Devices)
	t := newColumns(&b)
	t.row("\tfloor\tingress\t÷ floor\tservice\t÷ floor\ttraced\t÷ service")
	for _, f := range r.Figures {
		t.row("%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s", f.Name, f.Floor.text(f.digits),
			f.Ingress.text(f.digits), f.IngressRatio.text(2), f.Service.text(f.digits), f.ServiceRatio.text(2), f.Traced.text(f.digits), f.TracedRatio.text(2))
	}
	if r.Idle != nil {
		t.row("resident KiB per idle connection\t%.1f\t\t\t%.1f\t%.2f", r.Idle.Floor/1024, r.Idle.Service/1024, r.Idle.Service/max(r.Idle.Floor, 1))
	}
	t.end()
	b.WriteString(legend)
	r.writeSoak(&b)
	r.writeGoals(&b)
	fmt.Fprintf(&b, "\n%s\n", predecessor)
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *report) writeSoak(b *strings.Builder) {
	if r.Soak == nil {
		return
	}
	fmt.Fprintf(b, "\nSoak, service, %d flows\n", r.Soak.Flows)
	t := newColumns(b)
	t.row("\tbefore\tafter\tgrowth")
	x, y := r.Soak.Before, r.Soak.After
	t.row("goroutines\t%d\t%d\t%+d", x.Goroutines, y.Goroutines, y.Goroutines-x.Goroutines)
	t.row("descriptors\t%d\t%d\t%+d", x.Descriptors, y.Descriptors, y.Descriptors-x.Descriptors)
	t.row("own memory, MiB resident\t%.1f\t%.1f\t%+.1f", mib(x.Resident), mib(y.Resident), mib(y.Resident-x.Resident))
	t.row("files, MiB resident (program, database)\t%.1f\t%.1f\t%+.1f", mib(x.Mapped), mib(y.Mapped), mib(y.Mapped-x.Mapped))
	t.end()
}

func (r *report) writeGoals(b *strings.Builder) {
	fmt.Fprintln(b)
	t := newColumns(b)
	t.row("goal\t\treached\t")
	for _, g := range r.Goals {
		met := "met"
		if !g.Met {
			met = "MISSED"
		}
		t.row("%s\t%s\t%s\t%s", g.Name, g.Goal, g.Reached, met)
	}
	t.end()
}

// columns aligns cells that are separated by tabs. It writes into a strings.Builder, which takes everything.
type columns struct{ w *tabwriter.Writer }

func newColumns(b *strings.Builder) columns { return columns{tabwriter.NewWriter(b, 0, 0, 3, ' ', 0)} }

func (c columns) row(format string, cells ...any) { _, _ = fmt.Fprintf(c.w, format+"\n", cells...) }

func (c columns) end() { _ = c.w.Flush() }

func (s spread) text(digits int) string {
	return fmt.Sprintf("%.*f (%.*f…%.*f)", digits, s.Median, digits, s.Min, digits, s.Max)
}

func mib(n int64) float64 { return float64(n) / (1 << 20) }
