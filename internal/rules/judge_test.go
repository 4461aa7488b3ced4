package rules

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

var nan = math.NaN()

var start = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// grid returns n minutes from 10:00.
func grid(n int) series.Grid { return series.Grid{Start: start, Step: time.Minute, Len: n} }

// samples reads one sample a minute: numbers, "." for none; "6x90" is six of them.
func samples(t testing.TB, text string) []float64 {
	t.Helper()
	var values []float64
	for _, word := range strings.Fields(text) {
		times := 1
		if n, v, ok := strings.Cut(word, "x"); ok {
			var err error
			if times, err = strconv.Atoi(n); err != nil {
				t.Fatal(err)
			}
			word = v
		}
		v := nan
		if word != "." {
			var err error
			if v, err = strconv.ParseFloat(word, 64); err != nil {
				t.Fatal(err)
			}
		}
		for range times {
			values = append(values, v)
		}
	}
	return values
}

// brief writes a finding in one line: status, severity, value/limit, the current and the earlier
// streak.
func brief(f Finding) string {
	words := []string{f.Status.String()}
	if f.Severity != None {
		words = append(words, f.Severity.String())
	}
	words = append(words, fmt.Sprintf("%v/%v", f.Value, f.Limit))
	for _, s := range []struct {
		name string
		*Streak
	}{{"now", f.Streak}, {"earlier", f.Earlier}} {
		if s.Streak == nil {
			continue
		}
		open := ""
		if s.Open {
			open = " open"
		}
		seen := ""
		if s.Bouts > 0 {
			seen = fmt.Sprintf(" %d bouts of %d in %d", s.Bouts, s.Beyond, s.Seen)
		} else if s.Seen != s.Expected {
			seen = fmt.Sprintf(" seen %d of %d", s.Seen, s.Expected)
		}
		words = append(words, fmt.Sprintf("%s[%s %s-%s%s peak %v at %s%s]", s.name, s.Severity,
			s.From.Format("15:04"), s.To.Format("15:04"), open, s.Peak, s.PeakAt.Format("15:04"),
			seen))
	}
	return strings.Join(words, " ")
}

// The rules of judgeAlertTests.
var (
	both        = Rule{Warning: At(80), Critical: At(90), For: 5 * time.Minute}
	warningOnly = Rule{Warning: At(80), For: 5 * time.Minute}
	both15      = Rule{Warning: At(80), Critical: At(90), For: 15 * time.Minute}
	below       = Rule{Direction: Below, Warning: At(20), Critical: At(10), For: 2 * time.Minute}
	mayEnd      = Rule{Warning: At(80), For: 2 * time.Minute, NoData: ResolveOnNoData}
)

// judgeAlertTests are samples, one a minute, with the finding that brief writes.
var judgeAlertTests = []struct {
	name, samples string
	rule          Rule
	want          string
}{
	{"all is well", "10x50", both, "ok 50/80"},
	{"only a critical limit", "10x50", Rule{Critical: At(90)}, "ok 50/90"},
	{"no limit", "10x50", Rule{}, "ok 50/NaN"},
	{"equal to the limit", "10x80", both, "ok 80/80"},
	{
		"k samples last k-1 steps: too short", "5x50 5x81", both,
		"pending warning 81/80 now[warning 10:05-10:09 peak 81 at 10:05]",
	},
	{
		"k samples last k-1 steps: enough", "5x50 6x81", both,
		"breach warning 81/80 now[warning 10:05-10:10 peak 81 at 10:05]",
	},
	{
		"no for: one sample is enough", "9x50 81", Rule{Warning: At(80)},
		"breach warning 81/80 now[warning 10:09-10:09 peak 81 at 10:09]",
	},
	{
		"the first of equal peaks", "50 82 85 84 85 82 81", both,
		"breach warning 81/80 now[warning 10:01-10:06 peak 85 at 10:02]",
	},
	{
		"open at the first sample", "6x85", both,
		"breach warning 85/80 now[warning 10:00-10:05 open peak 85 at 10:00]",
	},
	{
		"open behind a short hole at the start", "2x. 8x85", both,
		"breach warning 85/80 now[warning 10:02-10:09 open peak 85 at 10:02]",
	},
	{
		"a series that appears within the window began then", "4x. 6x85", both,
		"breach warning 85/80 now[warning 10:04-10:09 peak 85 at 10:04]",
	},
	{
		"not open behind a hole that follows a sample", "50 4x. 6x85", both,
		"breach warning 85/80 now[warning 10:05-10:10 peak 85 at 10:05]",
	},

	{
		"a hole of one", "50 85 85 . 85 85 85", both,
		"breach warning 85/80 now[warning 10:01-10:06 peak 85 at 10:01 seen 5 of 6]",
	},
	{
		"a hole of two", "50 85 85 . . 85 85", both,
		"breach warning 85/80 now[warning 10:01-10:06 peak 85 at 10:01 seen 4 of 6]",
	},
	{
		"a hole shorter than for", "50 85 85 4x. 85 85", both,
		"breach warning 85/80 now[warning 10:01-10:08 peak 85 at 10:01 seen 4 of 8]",
	},
	{
		"a hole as long as for breaks a streak that has not lasted", "50 5x85 5x. 85 85", both,
		"pending warning 85/80 now[warning 10:11-10:12 peak 85 at 10:11]",
	},
	{
		"no hole breaks a streak that has lasted", "50 6x85 30x. 85 85", both,
		"breach warning 85/80 now[warning 10:01-10:38 peak 85 at 10:01 seen 8 of 38]",
	},
	{
		"a sample within the limit does, on either side of the hole", "50 6x85 30x. 50 85",
		both, "pending warning 85/80 now[warning 10:38-10:38 peak 85 at 10:38] " +
			"earlier[warning 10:01-10:06 peak 85 at 10:01]",
	},
	{
		"without for one sample has lasted", "50 85 30x. 86", Rule{Warning: At(80)},
		"breach warning 86/80 now[warning 10:01-10:32 peak 86 at 10:32 seen 2 of 32]",
	},
	{
		"three scrapes of ten", "50 3x97 7x. 3x97 7x. 3x97 7x. 97", both15,
		"breach critical 97/90 now[critical 10:01-10:31 peak 97 at 10:01 seen 10 of 31]",
	},
	{
		"three scrapes of ten, at the end of a hole", "50 3x97 7x. 3x97 7x. 3x97 7x.", both15,
		"breach critical 97/90 now[critical 10:01-10:23 peak 97 at 10:01 seen 9 of 30]",
	},
	{
		"three scrapes of ten, and then none", "50 3x97 7x. 3x97 7x. 3x97 8x.", both15,
		"no_data critical 97/90 now[critical 10:01-10:23 peak 97 at 10:01 seen 9 of 31]",
	},
	{
		"a survived hole of hours does not make old samples fresh",
		"50 20x97 180x. 20x97 16x.", both15, "no_data critical 97/90 now[critical 10:01-13:40 " +
			"peak 97 at 10:01 seen 40 of 236]",
	},
	{
		"missing samples at the end", "50 6x85 . .", both,
		"breach warning 85/80 now[warning 10:01-10:06 peak 85 at 10:01 seen 6 of 8]",
	},

	{
		"critical fires", "50 3x85 6x95", both,
		"breach critical 95/90 now[critical 10:04-10:09 peak 95 at 10:04]",
	},
	{
		"warning fires while critical is pending", "50 3x85 3x95", both,
		"breach warning 95/80 now[warning 10:01-10:06 peak 95 at 10:04]",
	},
	{
		"both pending", "5x50 3x95", both, "pending critical 95/90 now[critical 10:05-10:07 " +
			"peak 95 at 10:05]",
	},
	{
		"warning pending after a critical streak inside it", "50 85 95 85", both,
		"pending warning 85/80 now[warning 10:01-10:03 peak 95 at 10:02]",
	},
	{
		"warning fires, critical has ended", "50 6x95 85 85", both,
		"breach warning 85/80 now[warning 10:01-10:08 peak 95 at 10:01] earlier[critical " +
			"10:01-10:06 peak 95 at 10:01]",
	},

	{
		"ended", "50 50 7x93 50 50", both,
		"ok 50/80 earlier[critical 10:02-10:08 peak 93 at 10:02]",
	},
	{"ended, too short to say", "50 50 5x93 50 50", both, "ok 50/80"},
	{
		"the graver of those that ended", "9x85 50 6x95 50 9x85 50", both,
		"ok 50/80 earlier[critical 10:10-10:15 peak 95 at 10:10]",
	},
	{
		"the longer of those that ended", "7x85 50 6x86 50", both,
		"ok 50/80 earlier[warning 10:00-10:06 open peak 85 at 10:00]",
	},
	{
		"the later of those that ended", "6x85 50 6x86 50", both,
		"ok 50/80 earlier[warning 10:07-10:12 peak 86 at 10:07]",
	},
	{
		"ended before one that is pending", "6x85 50 2x82", both,
		"pending warning 82/80 now[warning 10:07-10:08 peak 82 at 10:07] earlier[warning " +
			"10:00-10:05 open peak 85 at 10:00]",
	},

	{
		"below", "50 3x15", below,
		"breach warning 15/20 now[warning 10:01-10:03 peak 15 at 10:01]",
	},
	{
		"below, critical, the lowest is the peak", "50 9 4 9", below,
		"breach critical 9/10 now[critical 10:01-10:03 peak 4 at 10:02]",
	},
	{"below, equal", "20 20 20 20", below, "ok 20/20"},
	{
		"a limit of zero is a limit", "0 1 1 1", Rule{Warning: At(0)},
		"breach warning 1/0 now[warning 10:01-10:03 peak 1 at 10:01]",
	},
	{
		"+Inf is above", "50 +Inf 95 +Inf", Rule{Warning: At(80)},
		"breach warning +Inf/80 now[warning 10:01-10:03 peak +Inf at 10:01]",
	},
	{"-Inf is not above", "85 85 -Inf", warningOnly, "ok -Inf/80"},
	{
		"-Inf is below", "50 -Inf -Inf -Inf", below, "breach critical -Inf/10 now[critical " +
			"10:01-10:03 peak -Inf at 10:01]",
	},

	{
		"as old as allowed", "6x85 5x.", both,
		"breach warning 85/80 now[warning 10:00-10:05 open peak 85 at 10:00 seen 6 of 11]",
	},
	{
		"too old", "6x85 6x.", both, "no_data warning 85/80 now[warning 10:00-10:05 open " +
			"peak 85 at 10:00 seen 6 of 12]",
	},
	{
		"too old, critical", "6x85 6x95 6x.", both, "no_data critical 95/90 now[critical " +
			"10:06-10:11 peak 95 at 10:06 seen 6 of 12]",
	},
	{
		"too old, and what was critical had not lasted", "6x85 3x95 6x.", both,
		"no_data warning 95/80 now[warning 10:00-10:08 open peak 95 at 10:06 seen 9 of 15]",
	},
	{"too old, and the streak was short", "50 3x85 6x.", both, "no_data 85/80"},
	{
		"too old, of something that may end", "50 3x85 6x.", mayEnd,
		"gone warning 85/80 now[warning 10:01-10:03 peak 85 at 10:01 seen 3 of 9]",
	},
	{"nothing", "8x.", both, "no_data NaN/80"},
	{"nothing, of something that may end", "8x.", mayEnd, "gone NaN/80"},
	{"no grid", "", both, "no_data NaN/80"},
}

func TestJudgeAlert(t *testing.T) {
	for _, tt := range judgeAlertTests {
		t.Run(tt.name, func(t *testing.T) {
			values := samples(t, tt.samples)
			f := Judge(tt.rule, series.Series{Values: values}, grid(len(values)))
			if got := brief(f); got != tt.want {
				t.Errorf("%s\n got %s\nwant %s", tt.samples, got, tt.want)
			}
			newest := time.Time{}
			if i := series.Newest(values); i >= 0 {
				newest = grid(len(values)).At(i)
			}
			if !f.Newest.Equal(newest) {
				t.Errorf("got newest %s, want %s", f.Newest, newest)
			}
		})
	}
}

func TestJudgeStaleByStep(t *testing.T) {
	// With a step of 10 minutes a sample may be 20 minutes old.
	rule := Rule{Warning: At(80)}
	for missing, want := range []Status{Breach, Breach, Breach, NoData} {
		values := samples(t, "50 85"+strings.Repeat(" .", missing))
		g := series.Grid{Start: start, Step: 10 * time.Minute, Len: len(values)}
		if got := Judge(rule, series.Series{Values: values}, g).Status; got != want {
			t.Errorf("%d samples missing at the end: %v, want %v", missing, got, want)
		}
	}
}

func TestJudgeNamesRuleAndLabels(t *testing.T) {
	labels := series.FromPairs("node", "a")
	f := Judge(Rule{
		Name: "NodeMemory", Warning: At(1),
	}, series.Series{Labels: labels, Values: []float64{0}}, grid(1))
	if f.Rule != "NodeMemory" || f.Labels.Compare(labels) != 0 {
		t.Errorf("got a finding of %q %v, want NodeMemory %v", f.Rule, f.Labels, labels)
	}
}

func TestJudgeIgnoresSamplesBeyondTheGrid(t *testing.T) {
	f := Judge(Rule{Warning: At(80)}, series.Series{Values: []float64{1, 2, 99}}, grid(2))
	if got := brief(f); got != "ok 2/80" {
		t.Errorf("two steps of three samples: got %s, want ok 2/80", got)
	}
}

func TestJudgeVerdict(t *testing.T) {
	hundred := make([]string, 100) // 1 to 100, not in order
	for i := range hundred {
		hundred[i] = strconv.Itoa(i*37%100 + 1)
	}
	shuffled := strings.Join(hundred, " ")
	tests := []struct {
		name, samples string
		rule          Rule
		want          string
	}{
		{"last", "95 50", Rule{Reduce: Last, Warning: At(80)}, "ok 50/80"},
		{
			"last is the newest sample present", "95 . .", Rule{Reduce: Last, Warning: At(80)},
			"breach warning 95/80",
		},
		{
			"last may be infinite", "1 +Inf", Rule{Reduce: Last, Warning: At(80)},
			"breach warning +Inf/80",
		},
		{
			"avg", "80 90 . 100", Rule{Reduce: Avg, Warning: At(80), Critical: At(90)},
			"breach warning 90/80",
		},
		{"avg of a constant", "7x0.9", Rule{Reduce: Avg, Warning: At(.9)}, "ok 0.9/0.9"},
		{"avg without infinities", "80 +Inf 100", Rule{Reduce: Avg, Warning: At(95)}, "ok 90/95"},
		{
			"min", "80 . 70 90", Rule{
				Reduce: Min, Direction: Below, Warning: At(75), Critical: At(72),
			}, "breach critical 70/72",
		},
		{
			"max", "80 . 95 90", Rule{Reduce: Max, Warning: At(75), Critical: At(95)},
			"breach warning 95/75",
		},
		{"p50", shuffled, Rule{Reduce: P50, Warning: At(60)}, "ok 50/60"},
		{"p90", shuffled, Rule{Reduce: P90, Warning: At(60)}, "breach warning 90/60"},
		{
			"p95", shuffled, Rule{Reduce: P95, Warning: At(60), Critical: At(94)},
			"breach critical 95/94",
		},
		{"p99", shuffled, Rule{Reduce: P99, Warning: At(99)}, "ok 99/99"},
		{
			"p50 of an even number is the lower", "1 2 3 4", Rule{Reduce: P50, Warning: At(9)},
			"ok 2/9",
		},
		{"p99 of few is the largest", "1 2 3 4", Rule{Reduce: P99, Warning: At(9)}, "ok 4/9"},
		{"p50 of one", ". . 7", Rule{Reduce: P50, Warning: At(9)}, "ok 7/9"},
		{
			"quantiles without infinities", "-Inf 1 2 3 +Inf +Inf",
			Rule{Reduce: P50, Warning: At(9)}, "ok 2/9",
		},
		{
			"age does not matter", "95 30x.", Rule{Reduce: Max, Warning: At(80)},
			"breach warning 95/80",
		},
		{"nothing", "5x.", Rule{Reduce: Max, Warning: At(80)}, "no_data NaN/80"},
		{"nothing finite", "5x+Inf", Rule{Reduce: P95, Warning: At(80)}, "no_data NaN/80"},
		{
			"nothing, of something that may end", "5x.",
			Rule{Reduce: P95, Warning: At(80), NoData: ResolveOnNoData}, "gone NaN/80",
		},
		{
			"a figure that does not exist", "1 2 3", Rule{Reduce: "p42", Warning: At(80)},
			"no_data NaN/80",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			values := samples(t, tt.samples)
			if got := brief(Judge(tt.rule, series.Series{Values: values},
				grid(len(values)))); got != tt.want {
				t.Errorf("%s\n got %s\nwant %s", tt.samples, got, tt.want)
			}
		})
	}
}

func TestFigureIsTheFindingsValue(t *testing.T) {
	values := samples(t, "3 9 4 . 5 .")
	for _, reduce := range append(figures(), "") {
		r := Rule{Reduce: reduce, Warning: At(1)}
		s := series.Series{Values: values}
		if got, want := Figure(r, s), Judge(r, s, grid(len(values))).Value; got != want {
			t.Errorf("%q: got figure %v, want the value %v", reduce, got, want)
		}
	}
	if got := Figure(Rule{}, series.Series{Values: values}); got != 5 {
		t.Errorf("an alert's figure is %v, want the newest sample, 5", got)
	}
}
