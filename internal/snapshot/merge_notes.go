package snapshot

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/units"
)

// mergeNotes merges the notes of the parts: equal notes once, with their counts added up.
func (m *merging) mergeNotes() {
	left := len(m.out.Kept.References) - len(m.out.References)
	for _, p := range m.parts {
		for _, n := range p.Notes {
			switch {
			case n.Code == NoteReferencesLeft, n.Code == NotePartsAbsent, n.Code == NotePartsOld:
				// counted below
			case n.Code == NoteReferenceEmpty && m.refersTo(n.arg(0)): // another part has it
			default:
				m.out.Notes = addNote(m.out.Notes, n)
			}
		}
	}
	if left > 0 {
		m.out.note(NoteReferencesLeft, left, panel.MostReferences)
	}
	if m.out.Data == DataPartial {
		m.listLacks(NotePartsAbsent, func(l Lack) bool { return l.Data == DataAbsent })
		m.listLacks(NotePartsOld, func(l Lack) bool { return l.Old })
	}
	m.mergeRemarks()
}

// listLacks notes the parts with a kind of lack that no server message reports.
func (m *merging) listLacks(code string, which func(Lack) bool) {
	var names []string
	for _, l := range m.out.Lacks {
		if which(l) && l.Part != "" {
			names = append(names, l.Part)
		}
	}
	if len(names) > 0 {
		m.out.Notes = append(m.out.Notes, listNote(code, names))
	}
}

// refersTo reports whether a reference has a line.
func (m *merging) refersTo(name string) bool {
	return slices.ContainsFunc(m.out.Kept.References, func(r Referred) bool {
		return m.out.Spec.References[r.Index].Name == name
	})
}

// addNote appends a note, or adds it to an equal one.
func addNote(to []Note, n Note) []Note {
	for i, o := range to {
		if sum, ok := o.add(n); ok {
			to[i] = sum
			return to
		}
	}
	return append(to, n)
}

// add returns the sum of two notes, and whether one note can express it.
func (n Note) add(o Note) (Note, bool) {
	if n.Code != o.Code {
		return n, false
	}
	switch n.Code {
	case NoteWindowsNodes, NoteAutopilotNodes, NoteDoubledNodes, NoteStrangeHosts,
		NoteSharedTargets, NoteTargetsLeft:
		names := slices.Sorted(slices.Values(slices.Concat(n.after(1), o.after(1))))
		return NoteOf(n.Code,
			number(n.arg(0))+number(o.arg(0))).with(names[:min(len(names), mostNamed)]...), true
	case NoteLeftOut, NoteLeftOutLower:
		if slices.Equal(n.after(2), o.after(2)) {
			return NoteOf(n.Code, number(n.arg(0))+number(o.arg(0)),
				number(n.arg(1))+number(o.arg(1))).with(n.after(2)...), true
		}
	}
	return n, n.equal(o)
}

// arg returns an argument of a note, "" if it has fewer: a note may come from an untrusted file.
func (n Note) arg(i int) string {
	if i < 0 || i >= len(n.Args) {
		return ""
	}
	return n.Args[i]
}

// after returns the arguments of a note from the i-th on.
func (n Note) after(i int) []string { return n.Args[min(i, len(n.Args)):] }

// number parses a count in a Note.
func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// remarked is one line of a remark.
type remarked struct {
	text  string // contains {{value}}
	value float64
}

func (a remarked) String() string {
	return strings.ReplaceAll(a.text, "{{value}}", units.None.Format(a.value))
}

// remark adds the lines of the panel's i-th remark, and the number of lines left out.
func (p *Panel) remark(i int, answers []remarked, more int) {
	slices.SortFunc(answers, func(a, b remarked) int { return cmp.Compare(a.String(), b.String()) })
	shown := answers[:min(len(answers), mostRemarks)]
	for _, a := range shown {
		p.Remarks = append(p.Remarks,
			NoteOf(NoteAnswer, a.text, strconv.FormatFloat(a.value, 'g', -1, 64), i))
	}
	if more += len(answers) - len(shown); more > 0 {
		p.Remarks = append(p.Remarks, NoteOf(NoteMoreAnswers, more, i))
	}
}

// mergeRemarks merges the remarks of the parts. Lines that several parts share are added up.
func (m *merging) mergeRemarks() {
	answers := make([][]remarked, len(m.out.Spec.Remarks))
	more := make([]int, len(m.out.Spec.Remarks))
	for _, p := range m.parts {
		own := make([][]remarked, len(answers))
		for _, n := range p.Remarks {
			switch i := number(n.arg(len(n.Args) - 1)); {
			case n.Code == NoteAnswer && len(n.Args) == 3 && i >= 0 && i < len(own):
				value, _ := strconv.ParseFloat(n.Args[1], 64)
				own[i] = append(own[i], remarked{n.Args[0], value})
			case n.Code == NoteMoreAnswers && len(n.Args) == 2 && i >= 0 && i < len(own):
				more[i] += number(n.Args[0])
			default:
				m.out.Remarks = addNote(m.out.Remarks, n)
			}
		}
		for i := range own {
			answers[i] = addRemarked(answers[i], own[i])
		}
	}
	for i := range answers {
		m.out.remark(i, answers[i], more[i])
	}
}

// addRemarked adds the lines of another part; lines with the same text add their values.
func addRemarked(to, own []remarked) []remarked {
	others := to
	for _, r := range own {
		i := slices.IndexFunc(others, func(o remarked) bool { return o.text == r.text })
		if i < 0 {
			to = append(to, r)
			continue
		}
		to[i].value += r.value
	}
	return to
}
