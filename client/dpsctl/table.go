package dpsctl

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// table writes aligned rows. It holds back so many that listings of usual size are aligned throughout; in longer ones columns
// grow with what needs more room, and never shrink: a listing of any length is shown as it is read.
type table struct {
	out    io.Writer
	header []string
	widths []int
	rows   [][]string // not yet written
	begun  bool
}

// maxHeldBack is how many rows a table holds back.
const maxHeldBack = 1000

const gap = "   "

func newTable(out io.Writer, header []string) *table {
	t := &table{out: out, header: header, widths: make([]int, len(header))}
	t.grow(header)
	return t
}

func (t *table) grow(row []string) {
	for i, cell := range row {
		t.widths[i] = max(t.widths[i], utf8.RuneCountInString(cell))
	}
}

// page takes rows; empty cells show as "-".
func (t *table) page(rows [][]string) error {
	for _, row := range rows {
		for i := range row {
			if row[i] = clean(row[i]); row[i] == "" {
				row[i] = "-"
			}
		}
		t.grow(row)
	}
	if t.rows = append(t.rows, rows...); len(t.rows) < maxHeldBack {
		return nil
	}
	return t.end()
}

// end writes what is held back.
func (t *table) end() error {
	var b strings.Builder
	if !t.begun && len(t.rows) > 0 {
		t.begun = true
		t.row(&b, t.header)
	}
	for _, row := range t.rows {
		t.row(&b, row)
	}
	t.rows = nil
	_, err := io.WriteString(t.out, b.String())
	return err
}

func (t *table) row(b *strings.Builder, row []string) {
	var line strings.Builder
	for i, cell := range row {
		fmt.Fprintf(&line, "%-*s%s", t.widths[i], cell, gap)
	}
	b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
}
