package dpsctl

import (
	"encoding/json"
	"fmt"
	"io"

	"dps/shared/dps"
)

// jsonPrinter writes an array, or a single object.
type jsonPrinter[T any] struct {
	out    io.Writer
	single bool
	n      int
}

func (p *jsonPrinter[T]) page(objects []T) error {
	for _, o := range objects {
		data, err := json.MarshalIndent(o, "  ", "  ")
		if p.single {
			data, err = json.MarshalIndent(o, "", "  ")
			data = append(data, '\n')
		}
		if err != nil {
			return dps.Wrap(dps.CodeInternal, err, "an object cannot be written as JSON")
		}
		before := ""
		switch {
		case p.single:
		case p.n == 0:
			before = "[\n  "
		default:
			before = ",\n  "
		}
		p.n++
		if _, err := fmt.Fprintf(p.out, "%s%s", before, data); err != nil {
			return err
		}
	}
	return nil
}

func (p *jsonPrinter[T]) end() error {
	text := "\n]\n"
	switch {
	case p.single:
		text = ""
	case p.n == 0:
		text = "[]\n"
	}
	_, err := io.WriteString(p.out, text)
	return err
}
