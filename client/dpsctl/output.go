package dpsctl

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"dps/shared/dps"
)

// The forms of output.
const (
	formTable = "table"
	formWide  = "wide"
	formJSON  = "json"
	formYAML  = "yaml"
)

var forms = []string{formTable, formWide, formJSON, formYAML}

// registerForm adds the flag -o.
func registerForm(cmd *cobra.Command, form *string) {
	cmd.Flags().StringVarP(form, "output", "o", formTable, "`FORM` of the output: "+strings.Join(forms, ", "))
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(forms, cobra.ShellCompDirectiveNoFileComp)) // registered once
}

func checkForm(form string, allowed ...string) error {
	for _, f := range allowed {
		if f == form {
			return nil
		}
	}
	return dps.Errorf(dps.CodeInvalid, "-o %s: write one of %s", form, strings.Join(allowed, ", "))
}

// printer shows objects page by page.
type printer[T any] interface {
	page(objects []T) error
	end() error
}

// newPrinter chooses by form; single is for one object instead of a list.
func newPrinter[T any](out io.Writer, form string, single bool, columns []column[T]) printer[T] {
	switch form {
	case formJSON:
		return &jsonPrinter[T]{out: out, single: single}
	case formYAML:
		return &yamlPrinter[T]{out: out, single: single}
	default:
		return newTablePrinter(out, form == formWide, columns)
	}
}

// column is a column of a table.
type column[T any] struct {
	title string
	wide  bool // shown with -o wide alone
	value func(T) string
}

type tablePrinter[T any] struct {
	*table
	columns []column[T]
}

func newTablePrinter[T any](out io.Writer, wide bool, columns []column[T]) printer[T] {
	p := tablePrinter[T]{}
	var header []string
	for _, c := range columns {
		if wide || !c.wide {
			p.columns, header = append(p.columns, c), append(header, c.title)
		}
	}
	p.table = newTable(out, header)
	return p
}

func (p tablePrinter[T]) page(objects []T) error {
	rows := make([][]string, len(objects))
	for i, o := range objects {
		for _, c := range p.columns {
			rows[i] = append(rows[i], c.value(o))
		}
	}
	return p.table.page(rows)
}
