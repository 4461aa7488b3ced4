package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/promsnap/promsnap/internal/outside"
)

// Problem is one mistake in a configuration file.
type Problem struct {
	File         string
	Line, Column int // from 1
	// where in the file's tree: reports[0].panels[1].rules[0].for; "" for the file as a whole
	Path    string
	Message string // what is wrong; what to write
	Note    bool   // it may be right: nobody but the server, or a person, can tell

	aside bool // it leaves what stands around it as it is: a key that nobody knows
}

// String writes the problem as file:line:column: path: message, in one line: of what the file
// holds, what cannot be printed is escaped.
func (p Problem) String() string {
	where := fmt.Sprintf("%s:%d:%d: ", p.File, p.Line, p.Column)
	if p.Path != "" {
		where += p.Path + ": "
	}
	if p.Note {
		where += "note: "
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

// Errors are all the mistakes of a file, and its notes, in the order of their positions.
type Errors []Problem

// Error writes one problem a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, p := range e {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// mistakes reports whether one of the problems is more than a note.
func (e Errors) mistakes() bool {
	return slices.ContainsFunc(e, func(p Problem) bool { return !p.Note })
}

// sorted returns the problems by position, each once: an alias may lead to the same mistake by
// several paths.
func (e Errors) sorted() Errors {
	out := slices.Clone(e)
	slices.SortStableFunc(out, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Path, b.Path))
	})
	seen := map[string]bool{}
	return slices.DeleteFunc(out, func(p Problem) bool {
		key := fmt.Sprint(p.Line, ":", p.Column, ":", p.Message)
		dup := seen[key]
		seen[key] = true
		return dup
	})
}

// shorten keeps a message readable where what was written is very long. What has the shape of a
// secret is masked before it is cut.
func shorten(s string) string { return shortenTo(s, 61) }

func shortenTo(s string, most int) string { return outside.Clip(masked(s), most) }
