package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Problem is one mistake in a configuration file.
type Problem struct {
	File         string
	Line, Column int    // from 1
	Path         string // where in the file's tree: reports[0].panels[1].rules[0].for; "" for the file as a whole
	Message      string // what is wrong; what to write
}

// String writes the problem as file:line:column: path: message, in one line: of what the file holds, what cannot be printed is escaped.
func (p Problem) String() string {
	where := fmt.Sprintf("%s:%d:%d: ", p.File, p.Line, p.Column)
	if p.Path != "" {
		where += p.Path + ": "
	}
	return oneLine(where + p.Message)
}

// oneLine writes what cannot be printed as Go does: a newline as \n.
func oneLine(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}

// Errors are all the mistakes of a file, in the order of their positions.
type Errors []Problem

// Error writes one problem a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, p := range e {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// sorted returns the problems by position, each once: an alias may lead to the same mistake by several paths.
func (e Errors) sorted() Errors {
	out := slices.Clone(e)
	slices.SortStableFunc(out, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Path, b.Path))
	})
	seen := map[string]bool{}
	return slices.DeleteFunc(out, func(p Problem) bool {
		key := fmt.Sprint(p.Line, ":", p.Column, ":", p.Message)
		dup := seen[key]
		seen[key] = true
		return dup
	})
}

// nearest returns the one of known that word is most likely meant to be, "" where none is near: at most a third of its letters
// differ.
func nearest(word string, known []string) string {
	best, found := len(word), ""
	for _, k := range known {
		if len(word) > 2*len(k) {
			continue
		}
		if d := distance(strings.ToLower(word), k); d < best && d <= max(1, len(k)/3) {
			best, found = d, k
		}
	}
	return found
}

// distance is the least number of bytes to insert, delete, replace or swap with their neighbour to make b of a (optimal string
// alignment).
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, before
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}

// shorten keeps a message readable where what was written is very long.
func shorten(s string) string { return shortenTo(s, 60) }

func shortenTo(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
