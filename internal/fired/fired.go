// Package fired finds out which alerts of a server's own rules fired, and whether these rules work:
// from the metric ALERTS, from the API's list of rules, or from an Alertmanager. It has no words.
package fired

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/panels"
)

// Fired is what fired within a time, and how the rules are.
type Fired struct {
	Range time.Duration // how far back Alerts reach
	Step  time.Duration // the firing of an alert is known to this precision
	// Alerts are those that fired, each name once: those that began to fire most often first.
	Alerts []Alert
	Rules  *Rules // nil: the server does not list its rules
	// Never are the alerts with a rule that did not fire within NeverIn, by name. NeverIn is 0 if
	// that is unknown.
	Never   []string
	NeverIn time.Duration
	// Manager says that Alerts are what an Alertmanager knows: only what fires now, and not how
	// often or for how long.
	Manager bool
}

// Alert is an alert that fired, of all its objects together.
type Alert struct {
	Name     string
	Severity string // the label severity, the worst of all; "" without one
	// Times is how often an object began to fire. Objects that began and ended in the same step
	// count once.
	Times int
	// Lasted is for how long at least one object fired.
	Lasted time.Duration
	Now    int // the objects that fire at the end
	// Suppressed are those of Now that a silence or an inhibition suppresses. Only an Alertmanager
	// knows.
	Suppressed int
	Since      time.Time // an Alertmanager's: when the first of Now began; zero: unknown
}

// Lasted returns for how long the alerts fired in all.
func (f *Fired) Lasted() (all time.Duration) {
	for i := range f.Alerts {
		all += f.Alerts[i].Lasted
	}
	return all
}

// Times returns how often alerts began to fire in all.
func (f *Fired) Times() (all int) {
	for i := range f.Alerts {
		all += f.Alerts[i].Times
	}
	return all
}

// Now returns how many objects fire at the end, and how many of them are suppressed.
func (f *Fired) Now() (firing, suppressed int) {
	for i := range f.Alerts {
		firing += f.Alerts[i].Now
		suppressed += f.Alerts[i].Suppressed
	}
	return firing, suppressed
}

// Noisiest returns the alert that began to fire most often, nil if none did twice.
func (f *Fired) Noisiest() *Alert {
	if f.Manager || len(f.Alerts) == 0 || f.Alerts[0].Times < 2 {
		return nil
	}
	return &f.Alerts[0]
}

// sort sorts the alerts.
func (f *Fired) sort() {
	slices.SortFunc(f.Alerts, func(a, b Alert) int {
		return cmp.Or(cmp.Compare(b.Times, a.Times), cmp.Compare(gravity(b.Severity),
			gravity(a.Severity)), cmp.Compare(b.Lasted, a.Lasted), cmp.Compare(b.Now, a.Now),
			strings.Compare(a.Name, b.Name))
	})
}

// IsCritical reports whether the alert has one of the severities that wake people.
func (a *Alert) IsCritical() bool { return panels.IsCritical(a.Severity) }

// gravity orders severities.
func gravity(severity string) int {
	switch {
	case panels.IsCritical(severity):
		return 2
	case severity == "":
		return 0
	}
	return 1
}

// isQuiet reports whether alerts of a severity tell people nothing: they fire always, such as
// Watchdog, or they are for information, such as InfoInhibitor.
func isQuiet(severity string) bool { return severity == "none" || severity == "info" }

// Rules is the health of a server's rules at the time of the run.
type Rules struct {
	Groups, Alerting, Recording int

	// The faults, at most mostFaults of each kind, and how many there are.
	Failing []Failing // by file, group and rule
	Slow    []Slow    // the slowest first
	Stale   []Stale   // the oldest first
	Missed  []Missed  // the most first

	FailingAll, SlowAll, StaleAll int
}

// mostFaults is how many faults of a kind are kept.
const mostFaults = 50

// Faulty reports whether anything is wrong with the rules.
func (r *Rules) Faulty() bool {
	return r.FailingAll+r.SlowAll+r.StaleAll+len(r.Missed) > 0
}

// Failing is a rule whose last evaluation failed.
type Failing struct{ File, Group, Rule, Error string }

// Slow is a group whose last evaluation took longer than its interval, so that some are left out.
type Slow struct {
	File, Group    string
	Interval, Took time.Duration
}

// Stale is a group that was not evaluated for long.
type Stale struct {
	File, Group string
	Interval    time.Duration
	Evaluated   time.Time
}

// Missed is a group of which evaluations were left out.
type Missed struct {
	Group string // "file;group"
	Times int    // within Fired.Range
}
