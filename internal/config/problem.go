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

// Problem is one mistake in a configuration file, or in a rule file that it names.
type Problem struct {
	File         string
	Line, Column int // from 1
	// the place in the file's tree, such as reports[0].panels[1].rules[0].for; "" for the whole
	// file
	Path    string
	Message string // what is wrong and what to write
	Note    bool   // it may be right; only the server or a person can decide

	aside bool // an unknown key, which does not affect the values around it
}

// String formats the problem as file:line:column: path: message, on one line. Characters from the
// file that are not printable are escaped.
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

// oneLine escapes what is not printable as Go does, a newline as \n.
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

// Errors holds all mistakes and notes of a file, in the order of their positions.
type Errors []Problem

// Error formats one problem a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, p := range e {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// mistakes reports whether a problem is not just a note.
func (e Errors) mistakes() bool {
	return slices.ContainsFunc(e, func(p Problem) bool { return !p.Note })
}

// sorted returns the problems by position, each once. Aliases may lead to one mistake by several
// paths.
func (e Errors) sorted() Errors {
	out := slices.Clone(e)
	slices.SortStableFunc(out, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column), cmp.Compare(a.Path, b.Path))
	})
	seen := map[string]bool{}
	return slices.DeleteFunc(out, func(p Problem) bool {
		key := fmt.Sprint(p.File, ":", p.Line, ":", p.Column, ":", p.Message)
		dup := seen[key]
		seen[key] = true
		return dup
	})
}

// shorten cuts a long value for a message. It masks what looks like a secret before it cuts.
func shorten(s string) string { return shortenTo(s, 61) }

func shortenTo(s string, most int) string { return outside.Clip(masked(s), most) }
