package dashboard

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/outside"
)

// panel waits for the answers of a panel and computes what it shows. It returns how many series the
// answers have, and the stack of a panic.
func (r *run) panel(i int) (out board.Panel, total int, stack []byte) {
	of := r.panels[i]
	out = board.Panel{
		Name: of.name, ID: of.planned.Panel.ID, Row: of.row, Place: of.planned.Grid,
		Differs: of.differs,
	}
	var answers []*answer
	var jobs []asked
	for _, q := range r.jobs[i] {
		if q.job == nil {
			continue
		}
		a := r.get(q.job)
		total += a.total
		answers, jobs = append(answers, a), append(jobs, q)
		out.Queries = append(out.Queries, board.Query{
			Ref: q.Ref, Expr: q.Expr, Instant: q.Instant, Step: q.step,
		})
	}
	kept := r.share(i, answers)
	given := make([]board.Answer, 0, len(r.jobs[i]))
	for n, a := range answers {
		given = append(given, a.show(jobs[n].Ref, kept[n]))
	}
	for _, q := range r.jobs[i] {
		if q.job == nil && q.Problem == "" {
			given = append(given, board.Answer{Ref: q.Ref, Failure: outside.Said(q.why, maxReason)})
		}
	}
	out.View, stack = r.show(i, given)
	for n, a := range answers {
		out.Notes = append(out.Notes, a.said(jobs[n])...)
	}
	r.held += held(&out.View)
	for _, q := range jobs {
		r.drop(q.job)
	}
	return out, total, stack
}

// said returns what is to be known about an answer.
func (a *answer) said(q asked) []board.Note {
	var notes []board.Note
	detail := func(text string) {
		notes = append(notes, board.Note{
			Code: board.NoteDetail, Text: outside.Said("query "+q.Ref+": "+text, maxReason),
		})
	}
	if q.longer {
		detail(fmt.Sprintf("its step is %s, because Prometheus answers with at most %d samples a "+
			"series", model.Duration(q.step), maxPoints))
	}
	if a.more {
		detail(fmt.Sprintf("its answer has more than %d series, and the rest is not read", a.total))
	}
	for _, text := range a.notes {
		detail(text)
	}
	return notes
}

// show returns an answer with the best of its series, in the server's order.
func (a *answer) show(ref string, most int) board.Answer {
	out := board.Answer{Ref: ref, Grid: a.grid}
	if a.err != nil {
		out.Failure = outside.Said(a.err.Error(), maxReason)
		return out
	}
	kept := a.series
	if most < len(kept) {
		best := top{most: most}
		for _, s := range kept {
			best.add(s.Labels, s.Values)
		}
		kept = best.inOrder()
	}
	for _, s := range kept {
		out.Series = append(out.Series, s.Series)
	}
	if len(kept) < a.total {
		out.Total = a.total
	}
	return out
}

// show computes what a panel shows. A panic, or more time than there is, loses only this panel.
func (r *run) show(i int, answers []board.Answer) (board.View, []byte) {
	type result struct {
		view  board.View
		err   error
		stack []byte
	}
	done := make(chan result, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- result{err: internalError(p), stack: debug.Stack()}
			}
		}()
		done <- result{view: r.compute(r.panels[i].planned, answers, r.setting())}
	}()
	var got result
	select {
	case got = <-done:
	case <-r.late:
		got.err = errLate
	}
	if got.err != nil {
		got.view = board.View{
			Kind: board.TextKind, Text: &board.Text{}, Empty: true,
			Title: outside.Said(r.panels[i].planned.Title, maxReason),
			Failures: []board.Failure{{
				Reason: outside.Said(got.err.Error(), maxReason), Sent: true,
			}},
		}
	}
	return got.view, got.stack
}

var errLate = errors.New("the run was stopped before this panel was computed")

// share returns how many series of each answer a panel may use. A panel has maxSeries at most, and
// so many values that every later panel can still have some. Answers with fewer series leave their
// share to the others.
func (r *run) share(i int, answers []*answer) []int {
	have := make([]int, len(answers))
	for n, a := range answers {
		have[n] = len(a.series)
	}
	kept := level(have, maxSeries)
	later := len(r.panels) - i - 1
	floor := maxBoard / 2 / len(r.panels)
	room := max(maxBoard-r.held-floor*later, floor)
	values := make([]int, len(answers))
	for n, a := range answers {
		values[n] = kept[n] * a.grid.Len
	}
	fewer := false
	for n, most := range level(values, room) {
		if most < values[n] {
			kept[n], fewer = max(most/answers[n].grid.Len, 1), true
		}
	}
	if fewer {
		r.cut++
	}
	return kept
}

// level cuts the largest of some numbers, so that their sum is at most total.
func level(numbers []int, total int) []int {
	out := make([]int, len(numbers))
	open := 0
	for _, n := range numbers {
		if n > 0 {
			open++
		}
	}
	for open > 0 {
		part, took := total/open, false
		for i, n := range numbers {
			if out[i] == 0 && n > 0 && n <= part {
				out[i], total, took = n, total-n, true
				open--
			}
		}
		if took {
			continue
		}
		for i, n := range numbers {
			if out[i] == 0 && n > 0 {
				out[i] = part
			}
		}
		break
	}
	return out
}

// held returns how many values a view holds.
func held(v *board.View) int {
	n := 0
	if g := v.Graph; g != nil {
		for _, c := range g.Curves {
			n += len(c.Values) + len(c.Base) + len(c.Own)
		}
	}
	if t := v.Tiles; t != nil {
		for _, tile := range t.Items {
			if tile.Spark != nil {
				n += len(tile.Spark.Values)
			}
		}
	}
	if h := v.Heat; h != nil {
		for _, b := range h.Buckets {
			n += len(b.Values)
		}
	}
	if s := v.States; s != nil {
		const ofRun = 10 // a run has two times, a text and a colour
		for _, row := range s.Rows {
			n += ofRun * len(row.Runs)
		}
	}
	return n
}

// notes returns what the whole board lacks.
func (r *run) notes() []string {
	if r.cut == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%d panels show fewer series than they have, because a dashboard "+
		"holds at most %d values", r.cut, maxBoard)}
}
