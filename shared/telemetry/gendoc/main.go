// Command gendoc writes the tables of docs/telemetry.md between their markers, from the definitions that the program emits by.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"dps/shared/telemetry"
)

// The table stands between these lines.
const (
	begin = "<!-- metrics: made by go generate -->\n"
	end   = "<!-- end of metrics -->\n"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "gendoc:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: gendoc FILE")
	}
	text, err := os.ReadFile(args[0]) //nolint:gosec // the file that the caller names
	if err != nil {
		return err
	}
	out, err := replace(text, table())
	if err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	return os.WriteFile(args[0], out, 0o600) //nolint:gosec // the file that the caller names
}

// replace puts the table between the markers.
func replace(text []byte, table string) ([]byte, error) {
	before, rest, ok := bytes.Cut(text, []byte(begin))
	_, after, closed := bytes.Cut(rest, []byte(end))
	if !ok || !closed {
		return nil, fmt.Errorf("has no line %q with a line %q after it", strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return bytes.Join([][]byte{before, []byte(begin + table + end), after}, nil), nil
}

func table() string {
	var b strings.Builder
	b.WriteString("| metric | kind | unit | attributes | what |\n|---|---|---|---|---|\n")
	for _, d := range telemetry.Definitions() {
		attributes := make([]string, len(d.Attributes))
		for i, a := range d.Attributes {
			attributes[i] = "`" + a + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | `%s` | %s | %s |\n", d.Name, d.Kind, d.Unit, strings.Join(attributes, ", "), d.Description)
	}
	return b.String()
}
