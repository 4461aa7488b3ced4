package snapshot

import (
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
)

// readMeta reads the metadata of the answer.
func (p *Panel) readMeta(m promapi.Meta) {
	p.Exprs[0], p.Data = m.Expr, DataComplete
	if m.Partial {
		p.markPartial(m)
	}
	if moved := m.Grid.Start.Sub(p.Grid.Start); moved != 0 {
		p.note(NoteSamplesMoved, moved)
		p.Grid = m.Grid
		p.move(moved)
	}
	for _, warning := range m.Warnings {
		p.note(NoteServerWarns, outside.Line(warning))
	}
	for _, info := range m.Infos {
		p.note(NoteServerNotes, outside.Line(info))
	}
}

// markPartial marks the answer as incomplete and notes what the server says about that.
func (p *Panel) markPartial(m promapi.Meta) {
	p.Data = DataPartial
	switch {
	case !p.Partial.IsZero():
	case len(m.Warnings) > 0:
		p.Partial = NoteOf(NotePartSaid, outside.Line(m.Warnings[0]))
	default:
		p.Partial = NoteOf(NotePartSilent)
	}
}

// Keep sets the status NoData for the findings that which selects and whose object exists,
// according to exists of their rows.
func (p *Panel) Keep(which func(Finding) bool, exists func(Row) bool) {
	selected := map[uint64]bool{}
	for _, f := range p.Findings {
		if which(f) {
			selected[f.Key()] = true
		}
	}
	if len(selected) == 0 {
		return
	}
	kept := map[uint64]bool{}
	for _, r := range p.Rows {
		if k := r.Key(); selected[k] {
			kept[k] = exists(r)
		}
	}
	for i := range p.Findings {
		if f := &p.Findings[i]; which(*f) && kept[f.Key()] {
			f.Status = rules.NoData
		}
	}
	slices.SortStableFunc(p.Findings, func(a, b Finding) int { return a.Compare(b.Finding) })
	for i := range p.Rows {
		p.Rows[i].markNoData(kept)
	}
	for i := range p.Lines {
		p.Lines[i].markNoData(kept)
	}
}

// markNoData changes the status of a kept row from Gone to NoData.
func (r *Row) markNoData(kept map[uint64]bool) {
	if r.Status == rules.Gone && kept[r.Key()] {
		r.Status = rules.NoData
	}
}

// dropPartialJudgements removes the judgements of rules that need all data if the answer is
// partial, because missing series may exist.
func (p *Panel) dropPartialJudgements() {
	judges, dropped := false, map[string]bool{} // judges: a rule does not need all data
	for _, r := range p.Spec.Rules {
		judges, dropped[r.Name] = judges || !r.NeedsAll, r.NeedsAll
	}
	if p.Partial.IsZero() || !slices.ContainsFunc(p.Spec.Rules, func(r rules.Rule) bool {
		return r.NeedsAll
	}) {
		return
	}
	p.Findings = slices.DeleteFunc(p.Findings, func(f Finding) bool { return dropped[f.Rule] })
	worst := map[uint64]rules.Finding{}
	for i := range p.Findings { // worst first
		f := &p.Findings[i]
		if _, known := worst[f.Key()]; !known && f.Status != rules.OK {
			worst[f.Key()] = f.Finding
		}
	}
	rejudge := func(r *Row) {
		f, found := worst[r.Key()]
		switch {
		case !p.Spec.Judges(r.Ref):
		case found:
			r.Status, r.Severity = f.Status, f.Severity
		case judges:
			r.Status, r.Severity = rules.OK, rules.None
		default:
			r.Status, r.Severity = rules.Unknown, rules.None
		}
	}
	p.OK = 0
	for i := range p.Rows {
		rejudge(&p.Rows[i])
		if p.Rows[i].Status == rules.OK {
			p.OK++
		}
	}
	for i := range p.Lines {
		rejudge(&p.Lines[i].Row)
	}
	p.note(NoteNotJudgedByPart)
}

// move shifts the times in the panel. They were computed while folding, before the answer's
// metadata showed that its grid is shifted.
func (p *Panel) move(by time.Duration) {
	set := func(times ...*time.Time) {
		for _, t := range times {
			if !t.IsZero() {
				*t = t.Add(by)
			}
		}
	}
	for i := range p.Rows {
		set(&p.Rows[i].Stats.MaxAt)
	}
	for i := range p.Lines {
		set(&p.Lines[i].Stats.MaxAt)
	}
	for i := range p.Findings {
		f := &p.Findings[i]
		set(&f.Newest)
		streaks := []*rules.Streak{f.Streak, f.Earlier}
		if f.Latest != f.Earlier { // they often are the same
			streaks = append(streaks, f.Latest)
		}
		for _, s := range streaks {
			if s != nil {
				set(&s.From, &s.To, &s.PeakAt, &s.Well, &s.Event)
			}
		}
	}
}

// judgeAge marks an answer as partial if its newest sample is old: the server lags or lost its
// targets.
func (p *Panel) judgeAge(newest int) {
	complete := p.Data == DataComplete
	if newest < 0 {
		p.Data, p.Old = DataPartial, complete
		p.note(NoteNoSamples)
		return
	}
	if age := p.Grid.End().Sub(p.Grid.At(newest)); age > rules.StaleAfter(p.Grid.Step) {
		p.Data, p.Old = DataPartial, complete
		p.note(NoteNewestIsOld, age)
	}
}
