package main

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/backtest"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/report/tuning"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// tell prints back-tests in words: a table of all rules if there are several, then each of them.
func tell(s *screen, told tuning.Told) error {
	if len(told.Rules) > 1 || told.Never != "" {
		s.say(bold, told.Title, "", 0)
		fmt.Fprintln(s)
	}
	if len(told.Rules) > 1 {
		rows := [][]string{upper(told.Heads)}
		if err := s.figures(append(rows, told.Rows...), summaryText, nil); err != nil {
			return err
		}
		fmt.Fprintln(s)
	}
	for _, line := range []string{told.Never, told.Measure} {
		if line != "" {
			s.say(gray, line, "", 2)
		}
	}
	last := "" // the explanation of the columns that was printed last
	for i, r := range told.Rules {
		if len(told.Rules) > 1 && r.Quiet() {
			continue // its row says it all
		}
		if i > 0 || told.Never+told.Measure != "" {
			fmt.Fprintln(s)
		}
		if r.Notice == last {
			r.Notice = "" // once is enough
		} else {
			last = cmp.Or(r.Notice, last)
		}
		if err := tellRule(s, told, r); err != nil {
			return err
		}
	}
	return nil
}

// summaryText are the columns of the summary that hold words. The others are numbers.
const summaryText = 4

// tellRule prints the back-test of one rule.
func tellRule(s *screen, told tuning.Told, r tuning.Rule) error {
	b := &told.W.Backtest
	s.say(bold, r.Title, ": "+r.Limits, 2)
	s.say(gray, r.Period, "", 2)
	look := normal
	switch {
	case tuning.MoreThanAim(r.Result):
		look = yellow
	case r.YAML != "":
		look = green
	}
	if r.Fired != "" {
		s.say(normal, r.Fired, "", 0)
	}
	if r.Proposal != "" {
		s.say(look, r.Proposal, "", 0)
	}
	if r.Why != "" {
		s.say(normal, r.Why, "", 0)
	}
	for _, note := range r.Notes {
		s.say(yellow, "! ", note, 2)
	}
	if len(r.Levels) > 0 {
		if err := tellLevels(s, b, r); err != nil {
			return err
		}
	}
	for _, w := range r.Who {
		tellWho(s, b.Who, w)
	}
	if r.YAML != "" {
		fmt.Fprintln(s)
		s.say(bold, r.Paste, ":", 0)
		fmt.Fprint(s, r.YAML)
	}
	return nil
}

// tellLevels prints the table of the levels of a rule.
func tellLevels(s *screen, b *words.Backtest, r tuning.Rule) error {
	fmt.Fprintln(s)
	rows := [][]string{append([]string{" "}, upper(r.Heads)...)}
	for _, l := range r.Levels {
		rows = append(rows, append([]string{l.Mark()}, l.Cells...))
	}
	if err := s.figures(rows, 1, func(i int) style {
		switch l := r.Levels[i]; {
		case l.Now:
			return bold
		case l.Proposed:
			return green
		}
		return normal
	}); err != nil {
		return err
	}
	legend := "● " + b.Now
	if r.YAML != "" {
		legend += "   ▸ " + b.Proposed
	}
	if r.More != "" {
		legend += "   " + r.More
	}
	s.say(gray, legend, "", 2)
	if r.Notice != "" {
		s.say(gray, r.Notice, "", 2)
	}
	return nil
}

// tellWho prints the objects that alerted at a level.
func tellWho(s *screen, head string, w tuning.Who) {
	fmt.Fprintln(s)
	s.say(bold, head, ", "+w.Head+":", 2)
	for _, o := range w.Objects {
		days := strings.Join(o.Days, "; ")
		if o.More != "" {
			days += "; " + o.More
		}
		s.say(normal, "  "+o.Name, " ("+o.Count+"): "+days, 6)
	}
	if w.More != "" {
		fmt.Fprintf(s, "  %s\n", w.More)
	}
}

// upper returns the headings of a table.
func upper(heads []string) []string {
	out := make([]string, len(heads))
	for i, h := range heads {
		out[i] = strings.ToUpper(h)
	}
	return out
}

// figures prints a table whose first columns are words and whose others are numbers, which end
// below each other. look returns the style of a row below the heading; nil: all are plain. On a
// terminal that is too narrow, each row is a paragraph.
func (s *screen) figures(rows [][]string, text int, look func(int) style) error {
	const gap = 2
	widths := make([]int, len(rows[0]))
	all := gap * (len(widths) - 1)
	for i := range widths {
		for _, row := range rows {
			widths[i] = max(widths[i], outside.Columns(row[i]))
		}
		all += widths[i]
	}
	if widths[0] == 1 { // a mark is close to what it marks
		all -= gap - 1
	}
	if s.terminal && all > s.width {
		if widths[0] == 1 {
			for _, row := range rows[1:] {
				s.record(rows[0][1:], append([]string{strings.TrimSpace(row[0] + " " + row[1])},
					row[2:]...))
			}
			return nil
		}
		return s.table(rows)
	}
	for n, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-outside.Columns(cell))
			if i < text {
				b.WriteString(cell + pad)
			} else {
				b.WriteString(pad + cell)
			}
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", gap-btoi(i == 0 && widths[0] == 1)))
			}
		}
		line := strings.TrimRight(b.String(), " ")
		if n > 0 && look != nil {
			s.paint(look(n-1), line)
			fmt.Fprintln(s)
			continue
		}
		fmt.Fprintln(s, line)
	}
	return nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// chunks shows on a terminal how much of the history is read, and about how long the rest takes.
type chunks struct {
	screen *screen
	now    func() time.Time
	began  time.Time
}

func newChunks(s *screen, now func() time.Time) *chunks {
	return &chunks{screen: s, now: now, began: now()}
}

// step shows a chunk that was read.
func (p *chunks) step(s app.BacktestStep) {
	share := shareOf(s)
	line := fmt.Sprintf("%s of %s", s.Rule, s.Panel)
	if s.Of > 1 {
		line = fmt.Sprintf("%d of %d: %s", s.Index+1, s.Of, line)
	}
	line += fmt.Sprintf(", %d %% read", int(math.Floor(within(s.Progress)*100)))
	if took := p.now().Sub(p.began); share > 0 && took > time.Second {
		left := time.Duration(float64(took) * (1 - share) / share)
		line += ", about " + units.Span(max(left.Round(time.Second), time.Second)) + " left"
	}
	p.screen.status(line)
}

// within returns the share of a rule's history that is read.
func within(p backtest.Progress) float64 {
	if p.All <= 0 {
		return 0
	}
	return min(float64(p.Done)/float64(p.All), 1)
}

// shareOf returns the share of everything that is done: rules take about as long as each other.
func shareOf(s app.BacktestStep) float64 {
	return (float64(s.Index) + within(s.Progress)) / float64(max(s.Of, 1))
}

// end removes the line.
func (p *chunks) end() { p.screen.status("") }
