package snapshot

import (
	"cmp"
	"fmt"
	"slices"
)

// Lack is a part of a merged panel that did not answer in full.
type Lack struct {
	Part    string   // the part's name
	Data    Data     // DataFailed, DataPartial or DataAbsent
	Partial Note     // this and the following as in Panel
	Old     bool     //
	Missing []string //
	Failure *Failure //
}

// lacks returns the lack of a part, or those of the parts that it was merged from.
func (p *Panel) lacks() []Lack {
	if p.Lacks != nil || p.Data == DataComplete {
		return p.Lacks
	}
	return []Lack{
		{
			Part: p.part(), Data: p.Data, Partial: p.Partial, Old: p.Old, Missing: p.Missing,
			Failure: p.Failure,
		},
	}
}

// problem returns the problem of the part in the server's words, "" if the server does not report
// it, and whether the part lacks something.
func (l *Lack) problem() (text string, lacks bool) {
	switch {
	case l.Failure != nil:
		return l.Failure.Error(), true
	case l.Partial.Code == NotePartSaid:
		return l.Partial.arg(0), true
	}
	return "", !l.Partial.IsZero()
}

// addAbsences adds the queries without series in a part. If they have series in another part, this
// part's share is still unknown.
func addAbsences(to, more []Absence) []Absence {
	to = slices.Clone(to)
	for _, a := range more {
		i := slices.IndexFunc(to, func(b Absence) bool { return a.Ref == b.Ref })
		if i < 0 {
			to = append(to, a)
			continue
		}
		to[i].Missing = addOnce(slices.Clone(to[i].Missing), a.Missing)
	}
	return to
}

// mergeData determines how much of the merged answer is there.
func (m *merging) mergeData() {
	out, answered, failed := &m.out, false, false
	for _, p := range m.parts {
		out.Lacks = append(out.Lacks, p.lacks()...)
		out.Missing = addOnce(out.Missing, p.Missing)
		out.Absent = addAbsences(out.Absent, p.Absent)
		answered = answered || p.Data == DataComplete || p.Data == DataPartial
		failed = failed || p.Data == DataFailed
	}
	if answered && out.Spec.Optional {
		out.Missing = nil
		out.Lacks = slices.DeleteFunc(out.Lacks, func(l Lack) bool { return l.Data == DataAbsent })
	}
	slices.SortStableFunc(out.Lacks, func(a, b Lack) int { return cmp.Compare(a.Part, b.Part) })
	switch {
	case len(out.Lacks) == 0:
		out.Lacks, out.Data = nil, DataComplete
	case answered:
		out.Data = DataPartial
		out.Partial = problemsNote(out.Lacks)
		out.Old = !slices.ContainsFunc(out.Lacks, func(l Lack) bool { return !l.Old })
	case failed:
		out.Data, out.Failure = DataFailed, failureOf(out.Lacks)
	default:
		out.Data = DataAbsent
	}
}

// problemsNote returns a note with the problems of the first parts and the number of parts not
// named.
func problemsNote(lacks []Lack) Note {
	var problems []string // pairs of a part's name and its problem
	for i := range lacks {
		if text, ok := lacks[i].problem(); ok && !hasProblem(problems, lacks[i].Part, text) {
			problems = append(problems, lacks[i].Part, text)
		}
	}
	if len(problems) == 0 {
		return Note{}
	}
	named := min(len(problems)/2, mostNamed)
	return NoteOf(NotePartsSay, len(problems)/2-named).with(problems[:2*named]...)
}

// hasProblem reports whether a part's problem is already in the list.
func hasProblem(problems []string, part, text string) bool {
	for i := 0; i < len(problems); i += 2 {
		if problems[i] == part && problems[i+1] == text {
			return true
		}
	}
	return false
}

// failureOf returns the failure of the first failed part and how many more failed.
func failureOf(lacks []Lack) *Failure {
	var first *Lack
	more := 0
	for i := range lacks {
		switch {
		case lacks[i].Failure == nil:
		case first == nil:
			first = &lacks[i]
		default:
			more++
		}
	}
	if first == nil {
		return nil
	}
	f := *first.Failure
	if first.Part != "" {
		f.Message = first.Part + ": " + f.Message
	}
	if more > 0 {
		f.Message += fmt.Sprintf(" (and %d more parts failed)", more)
	}
	return &f
}
