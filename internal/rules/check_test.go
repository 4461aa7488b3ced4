package rules

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const anHour, aMinute = time.Hour, time.Minute

// checkTests are rules with their problems.
var checkTests = []struct {
	name      string
	rule      Rule
	rng, step time.Duration
	want      []Problem
}{
	{
		"an alert", Rule{Warning: At(1), Critical: At(2), For: 15 * time.Minute}, anHour, aMinute,
		nil,
	},
	{
		"an alert below", Rule{Direction: Below, Warning: At(2), Critical: At(1)}, anHour, aMinute,
		nil,
	},
	{"a verdict", Rule{Critical: At(2), Reduce: P95}, anHour, aMinute, nil},
	{"the longest for", Rule{Warning: At(1), For: 57 * time.Minute}, anHour, aMinute, nil},
	{
		"the coarsest step", Rule{Warning: At(1), For: 15 * time.Minute}, anHour, 5 * time.Minute,
		nil,
	},
	{"a step that is not known", Rule{Warning: At(1), For: 10 * time.Hour}, anHour, 0, nil},
	{"both limits the same", Rule{Warning: At(1), Critical: At(1)}, anHour, aMinute, nil},

	{
		"no limit", Rule{For: 5 * time.Minute}, anHour, aMinute, []Problem{
			{"", "no limit; write above: or below: with warning, critical or both"},
		},
	},
	{
		"above, swapped", Rule{Warning: At(2), Critical: At(1)}, anHour, aMinute, []Problem{
			{
				"above.critical",
				"the critical limit is not above the warning limit; swap the two",
			},
		},
	},
	{
		"below, swapped", Rule{Direction: Below, Warning: At(1), Critical: At(2)}, anHour, aMinute,
		[]Problem{
			{
				"below.critical",
				"the critical limit is not below the warning limit; swap the two",
			},
		},
	},
	{"no number", Rule{Warning: At(nan), Critical: At(math.Inf(1))}, anHour, aMinute, []Problem{
		{"above.warning", "a limit must be a finite number; leave it out for no limit"},
		{"above.critical", "a limit must be a finite number; leave it out for no limit"},
	}},
	{
		"for and reduce", Rule{Warning: At(1), For: 5 * time.Minute, Reduce: Max}, anHour, aMinute,
		[]Problem{
			{
				"for", "a rule with reduce judges the window as a whole and has no for; " +
					"leave out one of the two",
			},
		},
	},
	{
		"a figure that does not exist", Rule{Warning: At(1), Reduce: "p42"}, anHour, aMinute,
		[]Problem{
			{
				"reduce",
				`unknown figure "p42"; write one of last, avg, min, max, p50, p90, p95, p99`,
			},
		},
	},
	{
		"a negative for", Rule{Warning: At(1), For: -time.Minute}, anHour, aMinute, []Problem{
			{
				"for", "-1m0s is negative; write a duration such as 15m, or leave it out to " +
					"alert on one sample",
			},
		},
	},
	{
		"for longer than the range", Rule{Warning: At(1), For: 58 * time.Minute}, anHour, aMinute,
		[]Problem{
			{
				"for", "58m does not fit into a range of 1h with steps of 1m; write at most " +
					"57m, or a longer range",
			},
		},
	},
	{
		"a range of two steps", Rule{Warning: At(1), For: 5 * time.Minute}, 2 * time.Minute,
		aMinute, []Problem{
			{
				"for", "5m does not fit into a range of 2m with steps of 1m; write less, or " +
					"a longer range",
			},
		},
	},
	{
		"a coarse step", Rule{Warning: At(1), For: 14 * time.Minute}, anHour, 5 * time.Minute,
		[]Problem{
			{
				"for", "14m is less than three steps of 5m, too few samples to tell; write " +
					"at least 15m, or a step of at most 4m40s",
			},
		},
	},
	{"all at once", Rule{
		Direction: Below, Warning: At(1), Critical: At(2), For: -1, Reduce: "mean",
	}, anHour, aMinute, []Problem{
		{"below.critical", "the critical limit is not below the warning limit; swap the two"},
		{
			"reduce",
			`unknown figure "mean"; write one of last, avg, min, max, p50, p90, p95, p99`,
		},
		{
			"for", "-1ns is negative; write a duration such as 15m, or leave it out to alert " +
				"on one sample",
		},
	}},
}

func TestCheck(t *testing.T) {
	for _, tt := range checkTests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.rule.Check(tt.rng, tt.step)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}
