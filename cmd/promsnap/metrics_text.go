package main

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/metrics"
	"github.com/promsnap/promsnap/internal/metrics/ask"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// marks are the verdicts as they are printed, and how they look.
var marks = map[metrics.Verdict]struct {
	word string
	look style
}{
	metrics.Use: {"USE", green}, metrics.Special: {"FOR", bold}, metrics.Avoid: {"NOT", red},
}

// tellMetrics prints an answer. On a terminal it prints as many metrics as fit on the screen,
// unless all are asked for, and only names of the others.
func tellMetrics(s *screen, g *metrics.Guide, a *ask.Answer, all bool) error {
	switch {
	case a.OnServer == 0:
	case a.Exact:
		if err := tellMetric(s, &a.Metrics[0]); err != nil {
			return err
		}
	case a.Matched == 0:
		tellNothing(s, a)
	default:
		tellHits(s, g, a, all)
	}
	for _, n := range a.Notes {
		s.say(yellow, "note: ", outside.Line(n), len("note: "))
	}
	return nil
}

// tellHits prints the metrics that fit.
func tellHits(s *screen, g *metrics.Guide, a *ask.Answer, all bool) {
	head := fmt.Sprintf("%s known to promsnap", counted(a.Matched, "metric is", "metrics are"))
	if len(a.Words) > 0 {
		head = fmt.Sprintf("%s of %s for %q", words.Thousands(a.Matched),
			counted(a.OnServer, "metric", "metrics"), shown(strings.Join(a.Words, " ")))
	}
	s.say(bold, head, "", 0)
	n, not, used := 0, 1, rowsOf(s, func(s *screen) { s.say(bold, head, "", 0) })
	fits := func(n, not int) bool {
		rest := rowsOf(s, func(s *screen) { tellOthers(s, g, a, n, not) })
		return s.height == 0 || all || used+rest < s.height
	}
	for ; n < len(a.Metrics); n++ {
		used += rowsOf(s, func(s *screen) { tellHit(s, &a.Metrics[n]) })
		if n > 0 && !fits(n+1, not) {
			used -= rowsOf(s, func(s *screen) { tellHit(s, &a.Metrics[n]) })
			break
		}
		tellHit(s, &a.Metrics[n])
	}
	for not < mostMistaken && fits(n, not+1) {
		not++
	}
	tellOthers(s, g, a, n, not)
}

// mostMistaken is how many metrics are named that people mistake for the right ones.
const mostMistaken = 3

// rowsOf returns how many lines a print takes.
func rowsOf(s *screen, write func(*screen)) int {
	var out bytes.Buffer
	copied := *s
	copied.plain, copied.color = plain{&out}, false
	write(&copied)
	return strings.Count(out.String(), "\n")
}

// tellOthers prints the metrics after the first n: at most so many that should not be used instead
// of these, and the names of the others.
func tellOthers(s *screen, g *metrics.Guide, a *ask.Answer, n, most int) {
	names := slices.Clone(a.More)
	for i := len(a.Metrics) - 1; i >= n; i-- {
		names = slices.Insert(names, 0, a.Metrics[i].Name)
	}
	not := mistaken(g, a.Metrics[:n], names, most)
	for _, m := range not {
		text := m.Name + ": " + m.When
		if rest, ok := strings.CutPrefix(m.When, "Do not use it "); ok {
			text = m.Name + " " + rest
		}
		if first, _, more := strings.Cut(text, ". "); more && s.terminal {
			text = first + "."
		}
		s.say(red, "NOT ", text, 4)
		names = slices.DeleteFunc(names, func(n string) bool { return n == m.Name })
	}
	advice := "promsnap metrics NAME shows the labels of one."
	if len(names) > 0 {
		tellNames(s, "Also: ", names, a.Matched-n-len(not))
		advice = "promsnap metrics NAME shows the labels of one; --limit 50 shows more."
	}
	s.say(gray, advice, "", 0)
	tellAbsent(s, a)
}

// tellAbsent says which metric would fit if its exporter were there.
func tellAbsent(s *screen, a *ask.Answer) {
	if len(a.Absent) > 0 && !a.Absent[0].Running {
		s.say(yellow, "Not here: ", missing(a.Absent[0]), 2)
	}
}

// mistaken returns at most so many of the metrics to avoid among names that the first metrics are
// mistaken for, one of each first.
func mistaken(g *metrics.Guide, first []ask.Metric, names []string, most int) []*metrics.Metric {
	var found []*metrics.Metric
	for place := range 3 {
		for i := range first {
			if place >= len(first[i].Near) {
				continue
			}
			m := g.Metric(first[i].Near[place])
			if m != nil && m.Verdict == metrics.Avoid && slices.Contains(names, m.Name) &&
				!slices.Contains(found, m) && len(found) < most {
				found = append(found, m)
			}
		}
	}
	return found
}

// tellNames prints names, on a terminal as many as fit into two lines, and how many more there are.
func tellNames(s *screen, begin string, names []string, all int) {
	const most = 20 // names elsewhere
	write := func(n int) func(*screen) {
		text := shownAll(names[:n])
		if all > n {
			text += fmt.Sprintf(" and %s more", words.Thousands(all-n))
		}
		return func(s *screen) { s.say(bold, begin, text, len(begin)) }
	}
	n := 1
	for n < min(len(names), most) && (!s.terminal || rowsOf(s, write(n+1)) <= 2) {
		n++
	}
	write(n)(s)
}

// tellHit prints a metric in a few lines.
func tellHit(s *screen, m *ask.Metric) {
	mark, ok := marks[m.Verdict]
	if !ok {
		mark.word = "   "
	}
	s.say(mark.look, mark.word, " "+shown(m.Name), 4)
	s.say(gray, "    "+facts(m), "", 4)
	switch {
	case m.When != "":
		s.say(normal, "    ", m.When, 4)
	case m.Help != "":
		s.say(normal, "    ", outside.Clip(outside.Line(m.Help), 150), 4)
	}
	if m.Query != "" && m.Query != m.Name {
		s.say(normal, "    ", outside.Line(m.Query), 4)
	}
}

// facts returns the type, the unit, the jobs, the series and the values of a metric.
func facts(m *ask.Metric) string {
	kind := m.Type
	if kind == "" {
		kind = "type unknown"
	}
	if m.Unit != "" && m.Unit != units.None.String() && m.Unit != units.Short.String() {
		kind += ", " + unitName(m.Unit)
	}
	parts := []string{kind}
	if len(m.Jobs) > 0 {
		jobs := shown(strings.Join(m.Jobs, ", "))
		if m.JobsMore > 0 {
			jobs += fmt.Sprintf(" and %d more jobs", m.JobsMore)
		}
		parts = append(parts, jobs)
	} else if m.Source != "" {
		parts = append(parts, m.Source)
	}
	if m.Series == 0 {
		parts = append(parts, "no series now")
	} else {
		parts = append(parts, counted(m.Series, "series", "series"))
	}
	if v := valuesOf(m); v != "" {
		parts = append(parts, v)
	}
	return outside.Line(strings.Join(parts, " · "))
}

// unitName returns a unit as people say it.
func unitName(unit string) string {
	switch unit {
	case "s":
		return "seconds"
	case "ms":
		return "milliseconds"
	case "percentunit":
		return "ratio"
	case metrics.Mixed:
		return "unit by label"
	}
	return unit
}

// valuesOf returns the lowest and the highest newest value in the metric's unit. Those of a metric
// whose unit differs by a label say nothing.
func valuesOf(m *ask.Metric) string {
	if m.Unit == metrics.Mixed || !series.Finite(float64(m.Min)) || !series.Finite(float64(m.Max)) {
		return ""
	}
	low, high := valueIn(m.Unit, float64(m.Min)), valueIn(m.Unit, float64(m.Max))
	if low == high {
		return "now " + low
	}
	return "now " + low + " to " + high
}

// valueIn formats a value.
func valueIn(unit string, v float64) string {
	if unit == metrics.Timestamp {
		if v <= 0 || v > 1e11 {
			return strconv.FormatFloat(v, 'g', -1, 64)
		}
		return time.Unix(int64(v), 0).UTC().Format("2006-01-02 15:04 MST")
	}
	u, err := units.Parse(unit)
	if err != nil {
		u = units.Short
	}
	return u.Format(v)
}

// tellMetric prints one metric with its labels.
func tellMetric(s *screen, m *ask.Metric) error {
	mark := marks[m.Verdict]
	if mark.word != "" {
		mark.word += " "
	}
	s.say(mark.look, mark.word, shown(m.Name), 2)
	s.say(gray, "  "+facts(m), "", 2)
	for _, p := range []struct{ begin, text string }{
		{"Is:     ", m.Is}, {"Help:   ", m.Help}, {"Is not: ", m.Not}, {"Advice: ", m.When},
		{"Query:  ", m.Query}, {"See:    ", strings.Join(m.Near, ", ")},
	} {
		if p.text != "" {
			s.say(normal, p.begin, outside.Line(p.text), len(p.begin))
		}
	}
	if len(m.Labels) == 0 {
		return nil
	}
	fmt.Fprintln(s)
	read := cmp.Or(m.Sampled, m.Series)
	rows := [][]string{{"LABEL", "VALUES", "SET BY", "EXAMPLES AND MEANING"}}
	for _, l := range m.Labels {
		values := strconv.Itoa(l.Values)
		if l.Series < read {
			values += "*"
		}
		rows = append(rows, []string{shown(l.Name), values, setBy(m, l), meaning(l)})
	}
	if err := s.table(rows); err != nil {
		return err
	}
	if slices.ContainsFunc(rows, func(r []string) bool { return strings.HasSuffix(r[1], "*") }) {
		s.say(normal, "* not on all series", "", 0)
	}
	if m.Sampled > 0 {
		s.say(yellow, "note: ", fmt.Sprintf("the labels are those of the first %s series of %s",
			words.Thousands(m.Sampled), words.Thousands(m.Series)), 6)
	}
	return nil
}

// setBy returns who sets a label.
func setBy(m *ask.Metric, l ask.Label) string {
	switch l.From {
	case metrics.FromTarget:
		return "scrape config"
	case metrics.FromExternal:
		return "external label"
	case metrics.FromExporter:
		if m.Source != "" {
			return m.Source
		}
		return "exporter"
	}
	return "-"
}

// meaning returns examples of a label's values, and what it is.
func meaning(l ask.Label) string {
	const most = 40 // characters of a value
	var examples []string
	for _, e := range l.Examples[:min(len(l.Examples), 3)] {
		examples = append(examples, outside.Middle(e, most))
	}
	text := shownAll(examples)
	if l.Values > len(examples) {
		text += ", …"
	}
	if l.Is != "" {
		text += " (" + outside.Line(l.Is) + ")"
	}
	return text
}

// tellNothing says that nothing fits, and what is near.
func tellNothing(s *screen, a *ask.Answer) {
	s.say(bold, "Nothing fits ", fmt.Sprintf("%s among %s of the server.",
		shown(strings.Join(a.Words, " ")), counted(a.OnServer, "metric", "metrics")), 0)
	if len(a.Nearest) > 0 {
		tellNames(s, "Nearest: ", a.Nearest, len(a.Nearest))
	}
	for _, m := range a.Absent {
		s.say(yellow, "Not here: ", missing(m), 2)
	}
	if len(a.Nearest)+len(a.Absent) == 0 {
		s.say(normal, "Use other or fewer words, such as memory, disk, restarts or throttling.",
			"", 0)
	}
}

// missing says that a metric is not on the server, and how to get it.
func missing(m ask.Missing) string {
	text := shown(m.Name)
	switch {
	case m.Exporter != "" && m.Running:
		text += " would come from " + m.Exporter + ", which is here"
	case m.Exporter != "":
		text += " comes from " + m.Exporter + "; " + m.Get
	}
	text += "."
	if m.Absent != "" {
		text += " " + m.Absent
	}
	return text
}

// shown returns a text from outside as one line that is not too long.
func shown(text string) string { return outside.Middle(outside.Line(text), 200) }

// shownAll returns texts from outside with commas.
func shownAll(texts []string) string {
	var all []string
	for _, t := range texts {
		all = append(all, shown(t))
	}
	return strings.Join(all, ", ")
}

// counted returns a number with its noun.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return words.Thousands(n) + " " + many
}
