package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// wording writes a report in its language.
type wording struct{ *words.Words }

func wordingIn(l words.Language) wording { return wording{words.In(l)} }

// state returns the name of a finding's state.
func (w wording) state(f *Finding) string {
	switch {
	case f.Past():
		return w.Ended
	case f.Status == rules.NoData:
		return w.NoData
	case f.Status == rules.Pending:
		return w.Pending
	case f.Severity == rules.Critical:
		return w.Critical
	}
	return w.Warning
}

// upperState returns the state in capitals, as the first word of a line on a terminal.
func (w wording) upperState(f *Finding) string { return strings.ToUpper(w.state(f)) }

// sentence returns a finding as a sentence: "ip-10-0-1-12 memory 94 % (60.4 of 64 GiB) since
// 02:10". What an alerting rule says about it follows.
func (w wording) sentence(f *Finding, in Info) string {
	if f.Said != "" {
		return fmt.Sprintf(w.NamedFinding, w.ownSentence(f, in), f.Said)
	}
	return w.ownSentence(f, in)
}

// ownSentence returns the sentence without words from outside.
func (w wording) ownSentence(f *Finding, in Info) string {
	what := w.About(f.Name, f.Subject)
	switch {
	case f.Past() && f.aim != nil:
		return w.wasForecast(what, f, in)
	case f.Past():
		return w.past(what, f, in)
	case f.Status == rules.NoData && f.Since.IsZero():
		return fmt.Sprintf(w.Silent, what)
	case f.Status == rules.NoData && f.last != nil:
		return fmt.Sprintf(w.SilentAfter, w.lasting(what, f.last, in), w.clock(f.Since, in))
	case f.Status == rules.NoData:
		return fmt.Sprintf(w.SilentSince, what, w.clock(f.Since, in))
	case f.reduce != "" && f.Value == "": // a condition that holds at the end
		return what
	case f.reduce != "":
		return fmt.Sprintf(w.ReducedTo, what, w.Reduced(string(f.reduce)), w.value(f),
			w.duration(in.Range))
	case f.Status == rules.Pending:
		return fmt.Sprintf(w.PendingUntil, w.lasting(what, f, in), w.duration(f.need))
	}
	return w.withForecast(w.lasting(what, f, in), f)
}

// lasting adds when an ongoing streak began. For a streak that may have begun before the window, it
// adds how long it has lasted at least.
func (w wording) lasting(what string, f *Finding, in Info) string {
	if f.Number != "" && !f.Event.IsZero() {
		return w.happened(f, in)
	}
	if f.Bouts > 0 {
		return w.flaps(what, f, in)
	}
	if f.aim != nil {
		return w.isForecast(what, f, in)
	}
	return w.seen(f, w.unbroken(w.breach(what, f), f, in))
}

// happened returns how many events there were, and when: "shop/cart 3 OOM kills, last 09:12".
func (w wording) happened(f *Finding, in Info) string {
	what := w.About(f.Name, w.number(f))
	switch {
	case f.Recurs && f.Past():
		what = fmt.Sprintf(w.WasSo, what, w.span(f, in))
	case f.Recurs:
		what = w.unbroken(what, f, in)
	}
	if f.Recurs && f.Before { // nothing more is known than that they happen
		return what
	}
	return what + ", " + w.newest(f, in)
}

// number returns the number of events of a finding. If they go on, it is the highest number in the
// time over which events are counted.
func (w wording) number(f *Finding) string {
	number := f.Number
	if f.Recurs {
		number = fmt.Sprintf(w.EventsWithin, number, w.duration(f.within))
	}
	if f.Used != "" {
		number += fmt.Sprintf(w.Used, f.Used)
	}
	return number
}

// newest returns when the newest event was: "last 09:12".
func (w wording) newest(f *Finding, in Info) string {
	return fmt.Sprintf(w.Happened(f.One && !f.Recurs, f.Before), w.clock(f.Event, in))
}

// span returns from when to when a streak went that has ended.
func (w wording) span(f *Finding, in Info) string {
	if f.Open {
		return fmt.Sprintf(w.Until, w.clock(f.Until, in))
	}
	return fmt.Sprintf(w.FromUntil, w.clock(f.Since, in), w.clock(f.Until, in))
}

// flaps returns the sentence of a flapping condition: "n2 NotReady condition off and on since
// 09:00, 50 % of 3 h".
func (w wording) flaps(what string, f *Finding, in Info) string {
	share := w.Figure(units.PercentUnit.Format(math.Round(f.Share*100) / 100))
	if f.Open {
		return fmt.Sprintf(w.FlapsAtLeast, what, w.duration(f.Lasted), share)
	}
	return fmt.Sprintf(w.FlapsSince, what, w.clock(f.Since, in), share, w.duration(f.Lasted))
}

// seen adds how much of a streak was seen, if that is clearly less than all: "…, seen in 3 of 10
// scrapes".
func (w wording) seen(f *Finding, s string) string {
	if n, of, less := f.Sighting(); less {
		return fmt.Sprintf(w.SeenIn, s, words.Thousands(n), words.Thousands(of))
	}
	return s
}

func (w wording) unbroken(what string, f *Finding, in Info) string {
	switch {
	case f.Open && f.Lasted > 0:
		return fmt.Sprintf(w.BreachAtLeast, what, w.duration(f.Lasted))
	case f.Open || f.Since.IsZero(): // a single sample has no duration
		return what
	}
	return fmt.Sprintf(w.BreachSince, what, w.clock(f.Since, in))
}

// breach returns the part of the sentence that is not about time.
func (w wording) breach(what string, f *Finding) string {
	if f.Value == "" {
		return what
	}
	return fmt.Sprintf(w.Breach, what, w.value(f))
}

func (w wording) value(f *Finding) string {
	if f.Used == "" {
		return f.Value
	}
	return f.Value + fmt.Sprintf(w.Used, f.Used)
}

// withLimit returns the sentence of a breach with its limit: "ip-10-0-1-12 memory 94 %, above 90 %
// since 02:10".
func (w wording) withLimit(f *Finding, in Info) string {
	since, atLeast := w.AboveSince, w.AboveAtLeast
	if f.direction == rules.Below {
		since, atLeast = w.BelowSince, w.BelowAtLeast
	}
	what := w.breach(w.About(f.Name, f.Subject), f)
	if f.Open {
		return w.seen(f, fmt.Sprintf(atLeast, what, f.Limit, w.duration(f.Lasted)))
	}
	return w.seen(f, fmt.Sprintf(since, what, f.Limit, w.clock(f.Since, in)))
}

// past returns the sentence of a streak that has ended: "ip-10-0-1-23 CPU was above 80 % from 19:00
// to 20:29, peak 96 %".
func (w wording) past(what string, f *Finding, in Info) string {
	if f.Number != "" {
		s := w.happened(f, in)
		if f.Status == rules.Gone {
			s += w.AndGone
		}
		return s
	}
	when := w.span(f, in)
	format, peak := w.WasAbove, w.Peak
	if f.direction == rules.Below {
		format, peak = w.WasBelow, w.Lowest
	}
	s := fmt.Sprintf(w.WasSo, what, when)
	switch {
	case f.Bouts > 0:
		s = fmt.Sprintf(w.WasFlapping, what, when)
	case f.hasLimit():
		s = fmt.Sprintf(format, what, f.Limit, when)
	}
	if f.Peak != "" {
		s += ", " + fmt.Sprintf(peak, f.Peak)
	}
	if f.Status == rules.Gone {
		s += w.AndGone
	}
	return s
}

// mostRunes is the highest number of runes that the note on missing fonts names.
const mostRunes = 20

// undrawable returns the note on runes that the pictures cannot show: "中 (U+4E2D)".
func (w wording) undrawable(runes []rune) string {
	var named []string
	for _, r := range runes[:min(len(runes), mostRunes)] {
		code := fmt.Sprintf("U+%04X", r)
		if unicode.IsPrint(r) {
			code = fmt.Sprintf("%c (%s)", r, code)
		}
		named = append(named, code)
	}
	list := strings.Join(named, ", ")
	if more := len(runes) - mostRunes; more > 0 {
		list += " " + w.AndMore.Of(more)
	}
	return fmt.Sprintf(w.NoFont, list)
}

// headline returns the worst cause, or says that there is none. It never calls missing data good.
func (w wording) headline(r *Report) string {
	if len(r.Groups) > 0 {
		f := r.Groups[0].Worst()
		if gravity(f.Status, f.Severity) >= gravity(rules.NoData, rules.None) {
			return w.worstGroup(r)
		}
	}
	var missing []string
	if n := len(r.Failures); n > 0 {
		missing = append(missing, w.PanelsFailed.Of(n))
	}
	if r.NoData > 0 {
		missing = append(missing, w.ChecksSilent.Of(r.NoData))
	}
	if r.Partial != "" {
		missing = append(missing, fmt.Sprintf(w.AnswersIncomplete, r.Partial))
	}
	but := ""
	for i, u := range missing {
		if but = u; i > 0 {
			but = fmt.Sprintf(w.And, missing[i-1], u)
			missing[i] = but
		}
	}
	switch {
	case r.Pending > 0 && but == "":
		return w.worstGroup(r)
	case r.Pending > 0:
		return fmt.Sprintf(w.StillPending, w.worstGroup(r), but)
	case len(r.Failures) > 0 && len(r.Failures) >= r.queried() && !r.boardAnswered:
		return fmt.Sprintf(w.OnlyFailures, r.Failures[0].Error)
	case but != "" && !r.measured() && !r.boardAnswered:
		return fmt.Sprintf(w.Because, w.lead(r), but)
	case but != "":
		return fmt.Sprintf(w.But, w.lead(r), but)
	}
	return fmt.Sprintf(w.Sentence, w.lead(r))
}

// worstGroup returns the worst group, with the limit and trend if it is one finding. If another
// group is a source without which much cannot be seen, it returns that one too.
func (w wording) worstGroup(r *Report) string {
	g := &r.Groups[0]
	s := g.Sentence
	if g.Alone() {
		s = w.worst(g.Worst(), r.Info)
	}
	for i := range r.Groups[1:] {
		if g := &r.Groups[1+i]; len(g.Blind) > 0 && 2*g.Objects >= g.Of {
			return fmt.Sprintf(w.AndAlso, s, g.Sentence)
		}
	}
	return s
}

// lead returns the start of the headline of a report without findings: how sure it is that there
// are none.
func (w wording) lead(r *Report) string {
	switch {
	case r.checked() && len(r.beyond) > 0:
		return fmt.Sprintf(w.ButFigures, w.NoAlertFires, w.figures(r))
	case r.checked():
		return w.AllOK
	case r.boardAnswered:
		return w.figures(r)
	}
	return w.unchecked(r)
}

// unchecked returns why nothing was checked: nothing was to be, or nothing could be.
func (w wording) unchecked(r *Report) string {
	if slices.ContainsFunc(r.Panels, answered) ||
		len(r.Panels) == 0 && r.Info.Board == nil {
		return w.NothingAsked
	}
	return w.Unmeasurable
}

// noFindings returns the text for an empty list of findings. It claims no more than the headline
// does.
func (w wording) noFindings(r *Report) string {
	switch {
	case r.Info.Board != nil && !r.HasRules():
		return w.NoRules
	case !r.checked():
		return fmt.Sprintf(w.Sentence, w.unchecked(r))
	case r.NoData > 0 || len(r.Failures) > 0 || r.Partial != "":
		return w.NoneInRest
	}
	return w.NoFindings
}

// worst returns a finding's sentence with the limit and the trend: "…, above 90 % since 02:10,
// rising".
func (w wording) worst(f *Finding, in Info) string {
	s := f.Sentence
	timed := !f.Open && !f.Since.IsZero() || f.Open && f.Lasted > 0
	if f.Status == rules.Breach && f.reduce == "" && f.Value != "" && f.Number == "" &&
		f.Bouts == 0 && f.hasLimit() && timed && !f.milder && f.aim == nil {
		s = w.withForecast(w.withLimit(f, in), f)
	}
	if t := w.trend(f.Trend); t != "" {
		s += ", " + t
	}
	if len(f.Details) > 0 {
		s += "; " + fmt.Sprintf(w.Top, f.Details[0])
	}
	return s
}

func (w wording) trend(t snapshot.Trend) string {
	switch t {
	case snapshot.Rising:
		return w.Rising
	case snapshot.Falling:
		return w.Falling
	}
	return ""
}

// counts returns the last line of a summary: "2 critical, 3 warning, 1 no data; 40/42 nodes".
func (w wording) counts(r *Report) string {
	s := fmt.Sprintf(w.Counts, words.Thousands(r.Critical), words.Thousands(r.Warning),
		words.Thousands(r.NoData))
	if r.Pending > 0 {
		s += fmt.Sprintf(w.CountsPending, words.Thousands(r.Pending))
	}
	if n := len(r.Failures); n > 0 {
		s += fmt.Sprintf(w.CountsFailed, words.Thousands(n))
	}
	if r.NodesTotal > 0 {
		s += fmt.Sprintf(w.CountsNodes, words.Thousands(r.NodesMeasured),
			words.Thousands(r.NodesTotal))
	}
	return s
}

// failed returns one line for all panels that failed for the same reason.
func (w wording) failed(f FailureGroup) string {
	return fmt.Sprintf(w.FailedLine, w.FirstOf(f.Panels), f.Error)
}

// absent returns that a panel's metrics do not exist: "Persistent volumes: kubelet_volume_stats_*
// missing".
func (w wording) absent(p *snapshot.Panel) string {
	if len(p.Missing) == 0 {
		return fmt.Sprintf(w.Silent, p.Spec.Title)
	}
	return fmt.Sprintf(w.Absent, p.Spec.Title, w.family(p.Missing))
}

// absentQuery returns that one of a panel's queries finds no series: "Memory: query limit:
// kube_pod_container_resource_limits missing".
func (w wording) absentQuery(p *snapshot.Panel, a *snapshot.Absence) string {
	if len(a.Missing) == 0 {
		return fmt.Sprintf(w.QuerySilent, p.Spec.Title, a.Ref)
	}
	return fmt.Sprintf(w.QueryAbsent, p.Spec.Title, a.Ref, w.family(a.Missing))
}

// family returns several metric names as one: their common prefix if it says enough, else the first
// name and the number of the others.
func (w wording) family(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	shorter := func(s string) string {
		return s[:strings.LastIndexByte(strings.TrimSuffix(s, "_"), '_')+1]
	}
	prefix := shorter(names[0])
	for _, n := range names[1:] {
		for !strings.HasPrefix(n, prefix) {
			prefix = shorter(prefix)
		}
	}
	if strings.Count(prefix, "_") > 1 {
		return prefix + "*"
	}
	return w.FirstOf(names)
}

// namedNodes is how many nodes a note names.
const namedNodes = 3

// named fills format with the number of nodes and the first of their names.
func (w wording) named(format string, names []string) string {
	shown := strings.Join(names[:min(len(names), namedNodes)], ", ")
	if rest := len(names) - namedNodes; rest > 0 {
		shown += " " + w.AndMore.Of(rest)
	}
	return fmt.Sprintf(format, w.Figure(strconv.Itoa(len(names))), shown)
}

func (w wording) withoutExporter(names []string) string {
	shown := names[:min(len(names), namedNodes)]
	s := w.NodesSilent.Of(len(names)) + strings.Join(shown, ", ")
	if rest := len(names) - len(shown); rest > 0 {
		s += " " + w.AndMore.Of(rest)
	}
	return s
}

// clock returns a time in the report's zone.
func (w wording) clock(t time.Time, in Info) string { return w.When(t.In(in.Zone), in.Slot) }

// duration returns how long something lasted: "6 h 50 min".
func (w wording) duration(d time.Duration) string { return w.Figure(units.Span(d)) }

// against returns a value and its limit, with enough digits to tell them apart.
func (w wording) against(u units.Unit, v, limit float64) (value, against string) {
	value, against = u.FormatAgainst(v, limit)
	return w.Figure(value), w.Figure(against)
}
