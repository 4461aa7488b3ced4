package panel_test

import (
	"slices"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rules"
)

func TestExpand(t *testing.T) {
	v := panel.Vars{Step: 2 * time.Minute, ScrapeInterval: time.Minute, Range: 24 * time.Hour}
	for in, want := range map[string]string{
		"rate(a[$__rate_interval])":                      "rate(a[4m])",
		"max_over_time(a[$__interval])":                  "max_over_time(a[2m])",
		"avg_over_time(a[$__range])":                     "avg_over_time(a[86400s])",
		"rate(a[${__rate_interval}]) + b[${__range}]":    "rate(a[4m]) + b[86400s]",
		"a{b=\"$other\"}":                                "a{b=\"$other\"}",
		"rate(a[$__interval]) / rate(b[$__interval])":    "rate(a[2m]) / rate(b[2m])",
		"a / $__interval_ms + b / ${__rate_interval_ms}": "a / 120000 + b / 240000",
		"a / $__range_s + b / ${__range_ms}":             "a / 86400 + b / 86400000",
		"a[$__intervals] + b[$__range_m] + c[$interval]": "a[$__intervals] + b[$__range_m] + " +
			"c[$interval]",
		"a[${__interval:text}] + b[[[__interval]]]": "a[${__interval:text}] + " +
			"b[[[__interval]]]",
		"label_replace(a, \"b\", \"$1\", \"c\", \"(.*)$\")": "label_replace(a, \"b\", \"$1\", " +
			"\"c\", \"(.*)$\")",
		"sum(a) by (c)": "sum(a) by (c)",
		"increase(a[$__rate_interval]) offset $__range": "increase(a[4m]) offset 86400s",
	} {
		if got := panel.Expand(in, v); got != want {
			t.Errorf("Expand(%s) = %s, want %s", in, got, want)
		}
	}
}

func TestRateInterval(t *testing.T) {
	for _, tc := range []struct{ step, scrape, want time.Duration }{
		{15 * time.Second, time.Minute, 4 * time.Minute},
		{2 * time.Minute, time.Minute, 4 * time.Minute},
		{10 * time.Minute, time.Minute, 11 * time.Minute},
		{time.Hour, 15 * time.Second, time.Hour + 15*time.Second},
	} {
		if got := (panel.Vars{Step: tc.step, ScrapeInterval: tc.scrape}).
			RateInterval(); got != tc.want {
			t.Errorf("step %v, scrape %v: got %v, want %v", tc.step, tc.scrape, got, tc.want)
		}
	}
}

func TestMetricNames(t *testing.T) {
	for query, want := range map[string][]string{
		`1 - a / b`: {"a", "b"},
		`sum(rate(a{x="y"}[5m])) / sum(rate(a[5m]))`: {"a"},
		`{__name__="c"} or {__name__=~"d.*"}`:        {"c"},
		`vector(1)`:                                  nil,
		`max_over_time(sum(e)[1h:1m]) unless f`:      {"e", "f"},
	} {
		got, err := panel.MetricNames(query)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("MetricNames(%s) = %v, %v; want %v", query, got, err, want)
		}
	}
	if _, err := panel.MetricNames("sum("); err == nil {
		t.Error("half a query: got no error, want one")
	}
}

func TestNeedsAll(t *testing.T) {
	for _, tc := range []struct {
		query     string
		direction rules.Direction
		want      bool
	}{
		{`a`, rules.Above, false},
		{`a`, rules.Below, false},
		{`a / b`, rules.Above, false},
		{`a unless b`, rules.Above, true},
		{`max by (node) (a unless on (node) b)`, rules.Above, true},
		{`absent(up{job="api"})`, rules.Above, true},
		{`absent_over_time(a[$__range])`, rules.Above, true},
		{`avg(up)`, rules.Below, true},
		{`avg by (job) (up)`, rules.Above, true},
		{`avg by (instance) (rate(a[$__rate_interval]))`, rules.Above, false},
		{`avg without (cpu) (a)`, rules.Above, false},
		{`avg without (instance) (a)`, rules.Above, true},
		{`sum(rate(errors[5m]))`, rules.Above, false},
		{`sum(rate(requests[5m]))`, rules.Below, true},
		{`count(up == 1)`, rules.Below, true},
		{`sum(rate(errors[5m])) / sum(rate(requests[5m]))`, rules.Above, true},
		{`sum(rate(errors[5m])) / 60`, rules.Above, false},
		{`1 - sum(a)`, rules.Above, true},
		{`sum by (pod) (a) / sum by (pod) (b)`, rules.Above, false},
		{`sum(`, rules.Above, false},
	} {
		if got := panel.NeedsAll(tc.query, tc.direction); got != tc.want {
			t.Errorf("NeedsAll(%s, %v) = %v, want %v", tc.query, tc.direction, got, tc.want)
		}
	}
}
