package dpsctl

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"dps/shared/dps"
)

// lines writes one line for each step.
type lines struct {
	out   io.Writer
	json  bool
	begun bool
}

func newLines(out io.Writer, form string) *lines { return &lines{out: out, json: form == formJSON} }

// Widths of the columns: ids are UUIDs, times are to the second, in UTC, and steps have short names.
const lineFormat = "%-20s   %-36s   %-36s   %-14s   %s"

func (l *lines) show(r dps.Record, result dps.StepResult) error {
	if l.json {
		data, err := json.Marshal(result)
		if err != nil {
			return dps.Wrap(dps.CodeInternal, err, "a step cannot be written as JSON")
		}
		_, err = fmt.Fprintf(l.out, "%s\n", data)
		return err
	}
	if !l.begun {
		l.begun = true
		if err := l.line("TIME", "RECORD", "DEVICE", "STEP", "RESULT"); err != nil {
			return err
		}
	}
	text := outcome(result)
	if result.ErrorMessage != "" {
		text += ": " + result.ErrorMessage
	}
	device := r.DeviceID
	if device == "" {
		device = "-"
	}
	return l.line(when(result.Time), r.ID, device, string(result.Step), text)
}

func (l *lines) line(cells ...any) error {
	for i, c := range cells {
		cells[i] = clean(fmt.Sprint(c))
	}
	_, err := io.WriteString(l.out, strings.TrimRight(fmt.Sprintf(lineFormat, cells...), " ")+"\n")
	return err
}
