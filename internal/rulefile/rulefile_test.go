package rulefile

import (
	"math"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

func inf() float64 { return math.Inf(1) }

func TestSeverity(t *testing.T) {
	for label, want := range map[string]rules.Severity{
		"critical": rules.Critical, "page": rules.Critical, "error": rules.Critical,
		"Critical ": rules.Critical,
		"warning":   rules.Warning, "warn": rules.Warning,
		"info": rules.None, "none": rules.None,
		"": rules.Warning, "P2": rules.Warning, "{{ $labels.severity }}": rules.Warning,
	} {
		if got := Severity(label); got != want {
			t.Errorf("Severity(%q): got %v, want %v", label, got, want)
		}
	}
}

func TestRuleMatchedBy(t *testing.T) {
	r := Rule{Alert: "NodeDown", Labels: series.FromPairs("severity", "warning", "team", "infra")}
	for text, want := range map[string]bool{
		`severity=~"critical|warning"`:         true,
		`severity=critical`:                    false,
		`alertname=~"Node.*", team="infra"`:    true,
		`alertname!="NodeDown"`:                false,
		`{severity="warning",missing=""}`:      true,
		`team="infra", missing!=""`:            false,
		`alertname=NodeDown,severity!~"info|"`: true,
	} {
		ms, err := rules.ParseMatchers(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.MatchedBy(ms); got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}

func TestRuleLookback(t *testing.T) {
	for _, c := range []struct{ hold, keep, interval, want time.Duration }{
		{0, 0, time.Minute, 0},
		{15 * time.Minute, 0, time.Minute, 15 * time.Minute},
		{90 * time.Second, 10 * time.Second, time.Minute, 3 * time.Minute},
		{time.Minute, time.Hour, 7 * time.Minute, 70 * time.Minute},
		{90 * time.Second, 0, 0, 90 * time.Second},
	} {
		got := Rule{For: c.hold, KeepFiringFor: c.keep}.Lookback(c.interval)
		if got != c.want {
			t.Errorf("for %v, keep_firing_for %v at %v: got %v, want %v", c.hold, c.keep,
				c.interval, got, c.want)
		}
	}
}
