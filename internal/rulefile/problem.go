package rulefile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/outside"
)

// Problem is one mistake in a rule file.
type Problem struct {
	File         string
	Line, Column int    // from 1
	Message      string // what is wrong and what to write
}

// String formats the problem as file:line:column: message, on one line.
func (p Problem) String() string {
	return outside.Line(fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message))
}

// Errors holds all mistakes of a file, in the order of their positions.
type Errors []Problem

// Error formats one problem a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, p := range e {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// sorted returns the problems by position, each once: aliases lead to one mistake several times.
func (e Errors) sorted() Errors {
	out := slices.Clone(e)
	slices.SortStableFunc(out, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(out)
}
