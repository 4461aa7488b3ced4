package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/fired"
	"github.com/promsnap/promsnap/internal/words"
)

// How many alerts, faults of rules, and alerts that never fire a report names.
const (
	mostFired  = 20
	mostFaults = 20
	mostNever  = 60
)

// Fired is what a report says about the alerts of the server's own rules.
type Fired struct {
	Of *fired.Fired

	Line   string // what fired, in one line
	Health string // of the rules, in one line; "" if it is unknown
	Faulty bool   // something is wrong with the rules
	Basis  string // how that was found out

	Alerts     []OwnAlert  // those that fired most often first
	AlertsLeft int         // how many are left out
	Faults     []RuleFault // the failing rules first
	FaultsLeft int
	Never      []string // the alerts that never fired
	NeverLeft  int
	NeverHead  string
}

// OwnAlert is an alert of the server's rules that fired, as text.
type OwnAlert struct {
	fired.Alert
	Shown, Level string // the name and the severity, printable
	Often        string // "31×"; "" if it is unknown, and so are the others
	For, Firing  string
	Began        string // since when it fires, where only that is known
}

// RuleFault is what is wrong with a rule or a group of rules.
type RuleFault struct {
	Name, Where string // the rule or group, and where it is
	What        string
}

// firedOf says what is to be said about the alerts of the server's own rules.
func (w wording) firedOf(f *fired.Fired, in Info) *Fired {
	out := &Fired{Of: f, Line: w.firedLine(f)}
	for i := range f.Alerts[:min(len(f.Alerts), mostFired)] {
		out.Alerts = append(out.Alerts, w.firedAlert(f, &f.Alerts[i], in))
	}
	out.AlertsLeft = len(f.Alerts) - len(out.Alerts)
	for _, name := range f.Never[:min(len(f.Never), mostNever)] {
		out.Never = append(out.Never, printable(name))
	}
	out.NeverLeft = len(f.Never) - len(out.Never)
	if len(out.Never) > 0 {
		out.NeverHead = fmt.Sprintf(w.Fired.Within, w.Fired.Never.Of(len(f.Never)),
			w.duration(f.NeverIn))
	}
	basis := []string{w.Fired.OnlyNow}
	if !f.Manager {
		basis[0] = fmt.Sprintf(w.Fired.Precision, w.duration(f.Step))
	}
	switch {
	case f.Rules != nil && f.Rules.Groups > 0:
		out.Health, out.Faulty = w.health(f.Rules), f.Rules.Faulty()
		out.Faults, out.FaultsLeft = w.faults(f.Rules, in)
		basis = append(basis, w.Fired.RulesNow)
	case !f.Manager:
		basis = append(basis, w.Fired.Unlisted)
	}
	out.Basis = strings.Join(basis, " ")
	return out
}

// firedLine returns what fired in one line.
func (w wording) firedLine(f *fired.Fired) string {
	if f.Manager {
		now, suppressed := f.Now()
		said := w.Fired.Managed.Of(now)
		if suppressed > 0 {
			said = fmt.Sprintf(w.Fired.Suppressed, said, words.Thousands(suppressed))
		}
		return said
	}
	parts := []string{w.Fired.None}
	if n := len(f.Alerts); n > 0 {
		parts[0] = fmt.Sprintf(w.Fired.InAll, w.Fired.Alerts.Of(n), w.duration(f.Lasted()))
	}
	if a := f.Noisiest(); a != nil {
		parts = append(parts, fmt.Sprintf(w.Fired.Noisiest, printable(a.Name),
			fmt.Sprintf(w.Fired.TimesOf, words.Thousands(a.Times))))
	}
	if f.NeverIn > 0 && len(f.Never) > 0 {
		parts = append(parts, fmt.Sprintf(w.Fired.Within, w.Fired.Never.Of(len(f.Never)),
			w.duration(f.NeverIn)))
	}
	return strings.Join(parts, "; ")
}

func (w wording) firedAlert(f *fired.Fired, a *fired.Alert, in Info) OwnAlert {
	row := OwnAlert{
		Alert: *a, Shown: printable(a.Name), Level: printable(a.Severity),
		Firing: words.Thousands(a.Now),
	}
	if f.Manager {
		if !a.Since.IsZero() {
			row.Began = w.clock(a.Since, in)
		}
		return row
	}
	row.Often = fmt.Sprintf(w.Fired.TimesOf, words.Thousands(a.Times))
	row.For = w.duration(a.Lasted)
	return row
}

// health returns how the rules are in one line.
func (w wording) health(r *fired.Rules) string {
	var parts []string
	for _, fault := range []struct {
		n    int
		said words.Counted
	}{
		{r.FailingAll, w.Fired.Fails},
		{r.SlowAll, w.Fired.Slow},
		{r.StaleAll, w.Fired.Stale},
		{len(r.Missed), w.Fired.Missed},
	} {
		if fault.n > 0 {
			parts = append(parts, fault.said.Of(fault.n))
		}
	}
	if len(parts) == 0 {
		return w.Fired.Healthy.Of(r.Alerting + r.Recording)
	}
	return strings.Join(parts, ", ")
}

// faults returns what is wrong with the rules, and how many faults are left out.
func (w wording) faults(r *fired.Rules, in Info) ([]RuleFault, int) {
	where := func(file, group string) string {
		return printable(strings.Trim(file+" · "+group, " ·"))
	}
	var all []RuleFault
	for _, x := range r.Failing {
		all = append(all, RuleFault{
			printable(x.Rule), where(x.File, x.Group),
			fmt.Sprintf(w.Fired.FailsOf, printable(x.Error)),
		})
	}
	for _, x := range r.Slow {
		all = append(all, RuleFault{printable(x.Group), where(x.File, ""), fmt.Sprintf(
			w.Fired.SlowOf, w.duration(x.Took), w.duration(x.Interval))})
	}
	for _, x := range r.Stale {
		all = append(all, RuleFault{printable(x.Group), where(x.File, ""), fmt.Sprintf(
			w.Fired.StaleOf, w.clock(x.Evaluated, in), w.duration(x.Interval))})
	}
	for _, x := range r.Missed {
		file, group, _ := strings.Cut(x.Group, ";")
		if group == "" {
			file, group = "", file
		}
		all = append(all, RuleFault{
			printable(group), where(file, ""), w.Fired.MissedOf.Of(x.Times),
		})
	}
	shown := all[:min(len(all), mostFaults)]
	return slices.Clip(shown), r.FailingAll + r.SlowAll + r.StaleAll + len(r.Missed) - len(shown)
}

// FiredLines returns what the server's own rules say, for a terminal or a message: what fired, and
// what is wrong with the rules. It returns nil if nobody looked.
func (r *Report) FiredLines() []string {
	f := r.Fired
	if f == nil {
		return nil
	}
	said := f.Line
	if f.Faulty {
		said += "; " + f.Health
	}
	return []string{fmt.Sprintf(r.words.NamedFinding, r.words.Fired.Title, said)}
}
