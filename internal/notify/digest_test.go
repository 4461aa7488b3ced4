package notify

import (
	"slices"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
)

func TestDigest(t *testing.T) {
	warn, crit := rules.Warning, rules.Critical
	var alerts []rules.Alert
	for _, rule := range []string{"A", "B", "C", "D"} {
		alerts = append(alerts, caused(rule, "x", crit, 5, rules.Cause{}))
	}
	to := Receiver{
		SendResolved: true, RepeatInterval: time.Hour, Limits: Limits{Separate: 3, Messages: 10},
	}
	each := to
	each.Limits.Separate = 0
	old := Entry{First: before(10000)}
	ends := make([]rules.Alert, len(alerts))
	for i, a := range alerts {
		ends[i] = over(a)
	}
	worse := slices.Clone(alerts)
	worse[1].Severity = crit
	for i := range worse {
		if i != 1 {
			worse[i].Severity = warn
		}
	}
	mild := make([]rules.Alert, len(alerts))
	for i, a := range alerts {
		a.Severity = warn
		mild[i] = a
	}
	threads := func(as []rules.Alert) Entry {
		var all [][]rules.Alert
		for _, a := range as {
			all = append(all, []rules.Alert{a})
		}
		return announcing(all...)
	}
	early := threads(alerts)
	for k, was := range early.Notified {
		was[0].At = before(90)
		early.Notified[k] = was
	}
	earlyDigest := announcing(alerts[:2])
	for k, was := range earlyDigest.Notified {
		was[0].At = before(90)
		earlyDigest.Notified[k] = was
	}
	for _, c := range []struct {
		name   string
		alerts []rules.Alert
		to     Receiver
		entry  Entry
		want   string
	}{
		{"few", alerts[:3], to, old, "new A: A@x\nnew B: B@x\nnew C: C@x"},
		{"more than the limit", alerts, to, old, "new: A@x B@x C@x D@x"},
		{
			"no limit", alerts, each, old, "new A: A@x\nnew B: B@x\nnew C: C@x\nnew D: D@x",
		},
		{"the first run", alerts[:2], to, Entry{First: slot}, "new: A@x B@x"},
		{
			"the first run without a limit", alerts[:2], each, Entry{First: slot},
			"new A: A@x\nnew B: B@x",
		},
		{"the first run with one cause", alerts[:1], to, Entry{First: slot}, "new A: A@x"},
		{
			"a first run that could not send", alerts[:2], to, Entry{First: before(10)},
			"new: A@x B@x",
		},
		{
			"a new receiver, and newer alerts", alerts[:2], to, Entry{First: before(20)},
			"new A: A@x\nnew B: B@x",
		},
		{
			"all of a digest end", ends, to, announcing(alerts),
			"resolved: A@x B@x C@x D@x (under 1, 0 remain)",
		},
		{
			"one of a digest is worse", worse, to, announcing(mild),
			"worse B: B@x (under 1, 4 remain)",
		},
		{
			"one joins a digest", append(slices.Clone(alerts),
				caused("B", "y", crit, 5, rules.Cause{})), to, announcing(alerts),
			"joined B: B@y (under 1, 5 remain)",
		},
		{
			"many ends, each in its thread", ends, to, threads(alerts),
			"resolved A: A@x (under 1, 0 remain)\nresolved B: B@x (under 2, 0 remain)\n" +
				"resolved C: C@x (under 3, 0 remain)\nresolved D: D@x (under 4, 0 remain)",
		},
		{
			"the repetition of a digest", alerts[:2], to, earlyDigest,
			"still_firing: A@x B@x (under 1, 2 remain)",
		},
		{
			"one message repeats all causes", alerts[:2], each, early,
			"still_firing: A@x B@x",
		},
		{"many repetitions", alerts, to, early, "still_firing: A@x B@x C@x D@x"},
		{"many that came and went", ends, to, old, "seen_late: A@x B@x C@x D@x"},
	} {
		p := newDecider(pageOf(c.alerts...), slot).decide(c.to, c.entry)
		if got := describe(p); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}
