package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/outside"
)

// cut returns a text, or the part of it that fits into a number of columns with an ellipsis.
func cut(text string, most int) string {
	if outside.Columns(text) <= most {
		return text
	}
	room := most - 1
	for i, r := range text {
		if room -= outside.ColumnsOf(r); room < 0 {
			return text[:i] + "…"
		}
	}
	return text
}

// minWidth is the least room for words that are wrapped. What is narrower is not readable.
const minWidth = 20

// wrap breaks a paragraph between words into lines of at most most columns. All lines but the first
// begin with indent blanks. A longer word has a line of its own.
func wrap(text string, most, indent int) string {
	most = max(most, indent+minWidth)
	if outside.Columns(text) <= most {
		return text
	}
	var b strings.Builder
	margin := strings.Repeat(" ", indent)
	rest := strings.TrimLeft(text, " ")
	lead := text[:len(text)-len(rest)]
	b.WriteString(lead)
	used, first := outside.Columns(lead), true
	for word := range strings.SplitSeq(rest, " ") {
		n := outside.Columns(word)
		switch {
		case first:
		case used+1+n > most:
			b.WriteString("\n" + margin)
			used = indent
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(word)
		used, first = used+n, false
	}
	return b.String()
}

// tableGap is how many blanks are between two columns.
const tableGap = 2

// table prints rows in columns. The first row is the heading. On a terminal that is too narrow, the
// last column is wrapped or, if that is not enough, each row is a paragraph.
func (s *screen) table(rows [][]string) error {
	if len(rows) == 0 {
		return nil
	}
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], outside.Columns(cell))
		}
	}
	before := tableGap * (len(widths) - 1)
	for _, n := range widths[:len(widths)-1] {
		before += n
	}
	last := widths[len(widths)-1]
	switch {
	case !s.terminal || before+last <= s.width:
		for _, row := range rows {
			if _, err := fmt.Fprintln(s, cells(row, widths)+row[len(row)-1]); err != nil {
				return err
			}
		}
		return nil
	case s.width-before >= minWidth:
		for _, row := range rows {
			lines := wrap(row[len(row)-1], s.width-before, 0)
			line := cells(row, widths) +
				strings.ReplaceAll(lines, "\n", "\n"+strings.Repeat(" ", before))
			fmt.Fprintln(s, strings.TrimRight(line, " "))
		}
		return nil
	}
	for _, row := range rows[1:] {
		s.record(rows[0], row)
	}
	return nil
}

// cells returns all cells of a row but the last, each as wide as its column with a gap.
func cells(row []string, widths []int) string {
	var b strings.Builder
	for i, cell := range row[:len(row)-1] {
		b.WriteString(cell + strings.Repeat(" ", widths[i]-outside.Columns(cell)+tableGap))
	}
	return b.String()
}

// narrow returns rows without the columns that are empty in all of them and, if the screen is a
// terminal that is too narrow, without as many of the optional columns, in their order, as it takes
// for the others to fit. If that does not help, they stay.
func (s *screen) narrow(rows [][]string, optional ...string) [][]string {
	if !s.terminal {
		return rows
	}
	for i := len(rows[0]) - 1; i > 0; i-- {
		if !slices.ContainsFunc(rows[1:], func(r []string) bool { return r[i] != "-" }) {
			rows = without(rows, i)
		}
	}
	fewer := rows
	for _, name := range optional {
		if fits(fewer, s.width) {
			return fewer
		}
		if i := slices.Index(fewer[0], name); i >= 0 {
			fewer = without(fewer, i)
		}
	}
	if fits(fewer, s.width) {
		return fewer
	}
	return rows
}

// fits reports whether table can print rows in columns, with the last one wrapped.
func fits(rows [][]string, width int) bool {
	before := 0
	for i := range len(rows[0]) - 1 {
		widest := 0
		for _, row := range rows {
			widest = max(widest, outside.Columns(row[i]))
		}
		before += widest + tableGap
	}
	return width-before >= minWidth
}

// without returns rows without a column.
func without(rows [][]string, column int) [][]string {
	out := make([][]string, len(rows))
	for i, row := range rows {
		out[i] = slices.Delete(slices.Clone(row), column, column+1)
	}
	return out
}

// record prints a row of a table as a paragraph: its first cell, and below it the others with their
// headings.
func (s *screen) record(heading, row []string) {
	var parts []string
	for i, cell := range row {
		if i > 0 && cell != "" && cell != "-" {
			parts = append(parts, strings.ToLower(heading[i])+" "+cell)
		}
	}
	s.paint(bold, row[0])
	fmt.Fprintf(s, "\n%s\n", wrap("  "+strings.Join(parts, " · "), s.width, 2))
}

// wrapHelp breaks the lines of a help text at most columns, if one is longer. Lines that are not
// indented are joined into paragraphs first. Commands stay whole, so that they can be copied.
func wrapHelp(text string, most int) string {
	fits := true
	for line := range strings.Lines(text) {
		fits = fits && outside.Columns(strings.TrimRight(line, "\n")) <= most
	}
	if fits {
		return text
	}
	var out []string
	open := false // whether the last line of out is a paragraph that goes on
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		rest := strings.TrimLeft(line, " ")
		prose := line != "" && rest == line && !strings.HasSuffix(line, ":")
		if prose && open {
			out[len(out)-1] += " " + line
			continue
		}
		out, open = append(out, line), prose
	}
	for i, line := range out {
		out[i] = wrapHelpLine(line, most)
	}
	return strings.Join(out, "\n") + "\n"
}

// wrapHelpLine breaks one line of a help text. A name and its description stay in two columns.
func wrapHelpLine(line string, most int) string {
	rest := strings.TrimLeft(line, " ")
	indent := len(line) - len(rest)
	name, described, two := strings.Cut(rest, "  ")
	described = strings.TrimLeft(described, " ")
	switch {
	case indent == 0:
		return wrap(line, most, 0)
	case two && described != "":
		indent += strings.Index(rest[len(name):], described) + len(name)
		lines := wrap(described, max(most-indent, minWidth), 0)
		return line[:indent] + strings.ReplaceAll(lines, "\n", "\n"+strings.Repeat(" ", indent))
	case strings.HasPrefix(rest, "promsnap "), strings.HasPrefix(rest, "source "):
		return line
	}
	return wrap(line, most, indent)
}
