package snapshot

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Lack is a part of a merged panel of which not all is known.
type Lack struct {
	Part    string   // its name
	Data    Data     // DataFailed, DataPartial or DataAbsent
	Partial string   // as of a Panel, like all that follows
	Old     bool     //
	Missing []string //
	Err     error    //
}

// lacks returns what is not known of a part, or of the parts that it was merged from.
func (p *Panel) lacks() []Lack {
	if p.Lacks != nil || p.Data == DataComplete {
		return p.Lacks
	}
	return []Lack{{Part: p.part(), Data: p.Data, Partial: p.Partial, Old: p.Old, Missing: p.Missing, Err: p.Err}}
}

// says is what is wrong with the part, in the server's words; "" where it answered in full.
func (l *Lack) says() string {
	text := l.Partial
	if l.Err != nil {
		text = l.Err.Error()
	}
	if text == "" || l.Part == "" {
		return text
	}
	return l.Part + ": " + text
}

// mergeData finds how much of the whole is there.
func (m *merging) mergeData() {
	out, answered, failed := &m.out, false, false
	for _, p := range m.parts {
		out.Lacks = append(out.Lacks, p.lacks()...)
		out.Missing = addOnce(out.Missing, p.Missing)
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
		out.Partial = strings.Join(saidOf(out.Lacks), "; ")
		out.Old = !slices.ContainsFunc(out.Lacks, func(l Lack) bool { return !l.Old })
	case failed:
		out.Data, out.Err = DataFailed, errorOf(out.Lacks)
	default:
		out.Data = DataAbsent
	}
}

// saidOf returns what is wrong with the first of several parts, and how many more there are.
func saidOf(lacks []Lack) []string {
	var said []string
	for i := range lacks {
		if text := lacks[i].says(); text != "" {
			said = addOnce(said, []string{text})
		}
	}
	if more := len(said) - mostNamed; more > 0 {
		said = append(said[:mostNamed], fmt.Sprintf("+%d", more))
	}
	return said
}

// errorOf is the error of the first part that failed, and how many more did.
func errorOf(lacks []Lack) error {
	var first *Lack
	more := 0
	for i := range lacks {
		switch {
		case lacks[i].Err == nil:
		case first == nil:
			first = &lacks[i]
		default:
			more++
		}
	}
	if first == nil {
		return nil
	}
	err := first.Err
	if first.Part != "" {
		err = fmt.Errorf("%s: %w", first.Part, err)
	}
	if more > 0 {
		err = fmt.Errorf("%w (and %d more parts failed)", err, more)
	}
	return err
}
